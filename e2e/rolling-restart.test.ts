import { setTimeout as sleep } from "node:timers/promises"
import { TRIGGERS, type TriggerId } from "@hooklane/core"
import { describe, expect, onTestFinished, test } from "vitest"
import { hasPostgres, newPostgresDatabase } from "../packages/storage/test/postgres-database.ts"
import { type LoadBalancer, openLoadBalancer } from "./load-balancer.ts"
import type { GatewayProcess, Service } from "./service.ts"
import { ownService } from "./service-test.ts"

const PROBE_MS = 50
/** Some probes long: by then the load balancer has seen that the gateway is about to stop. */
const DRAIN_DELAY_MS = 500
/** Of each kind. */
const EVERY_MS = 20
const STEADY_MS = 3_000

interface Call {
  trigger: TriggerId
  ms: number
  phase: string
  /** What was wrong with its answer. */
  fault?: string
  executionId?: string
}

/** Calls of both kinds at a steady rate, each sent once. */
function startCalls(balancer: LoadBalancer, token: string) {
  const calls: Call[] = []
  const underWay = new Set<Promise<void>>()
  let number = 0
  let phase = "steady"

  async function call(trigger: TriggerId): Promise<void> {
    const { sampleEvent } = TRIGGERS[trigger]
    const marked = String(++number)
    const sentIn = phase
    const startedAt = performance.now()
    const event = { ...sampleEvent, context: { ...sampleEvent.context, number: marked } }
    const sent = balancer.post(`/v1/triggers/${trigger}/events`, {
      headers: { authorization: `Bearer ${token}` },
      body: JSON.stringify(event),
    })
    const outcome = await sent.then(
      ({ status, body }) => readAnswer(trigger, marked, status, body),
      (error: Error) => ({ fault: error.message }),
    )
    calls.push({ trigger, phase: sentIn, ms: Math.round(performance.now() - startedAt), ...outcome })
  }

  const start = (trigger: TriggerId) => {
    const one = call(trigger).finally(() => underWay.delete(one))
    underWay.add(one)
  }
  const ticking = setInterval(() => {
    start("credentials-exchange")
    start("post-user-registration")
  }, EVERY_MS)
  return {
    calls,
    enter: (name: string) => {
      phase = name
    },
    stop: async () => {
      clearInterval(ticking)
      await Promise.all(underWay)
    },
  }
}

function readAnswer(trigger: TriggerId, marked: string, status: number, body: string) {
  const answer = JSON.parse(body)
  const isRight =
    trigger === "credentials-exchange"
      ? status === 200 && answer.result?.scope?.[0] === marked
      : status === 202 && answer.status === "queued"
  return { executionId: answer.executionId, ...(!isRight && { fault: `${status} ${body}` }) }
}

async function replaceGateway(service: Service, balancer: LoadBalancer, { process, api }: GatewayProcess) {
  process.terminate()
  expect(await process.exited).toEqual({ code: 0, signal: null })
  balancer.remove(api.url)
  const next = await service.startGateway()
  await balancer.add(next.api.url)
}

async function replaceWorker(service: Service, worker: Service["workers"][number]) {
  worker.terminate()
  expect(await worker.exited).toEqual({ code: 0, signal: null })
  await service.startWorker()
}

function describeCalls(calls: Call[]): string {
  const phases = Map.groupBy(
    calls.filter(({ trigger }) => trigger === "credentials-exchange"),
    ({ phase }) => phase,
  )
  const lines = [...phases].map(([phase, some]) => {
    const sorted = some.map(({ ms }) => ms).toSorted((a, b) => a - b)
    const [median, slowest] = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)]
    return `  ${phase.padEnd(20)} ${String(some.length).padStart(4)} calls, median ${median} ms, slowest ${slowest} ms`
  })
  return `Rolling restart under load, synchronous calls:\n${lines.join("\n")}\n`
}

describe.runIf(hasPostgres)("two gateways and two workers behind a load balancer", () => {
  test("are replaced one after the other, and no call fails", { timeout: 120_000 }, async () => {
    const settings = {
      DATABASE_URL: await newPostgresDatabase(),
      HOOKLANE_DRAIN_DELAY_MS: String(DRAIN_DELAY_MS),
    }
    const service = await ownService({ workers: 2, settings })
    const gateways = [{ process: service.gateway, api: service.api }, await service.startGateway()]
    const { api } = service
    await api.createHook("credentials-exchange", "setTimeout(cb, 20, null, { scope: [context.number] })")
    await api.createHook("post-user-registration", "setTimeout(cb, 20)")
    const balancer = openLoadBalancer({ probeEveryMs: PROBE_MS })
    onTestFinished(() => balancer.close())
    for (const {
      api: { url },
    } of gateways)
      await balancer.add(url)

    const load = startCalls(balancer, api.token)
    await sleep(STEADY_MS)
    for (const [index, gateway] of gateways.entries()) {
      load.enter(`gateway ${index + 1} replaced`)
      await replaceGateway(service, balancer, gateway)
    }
    for (const [index, worker] of [...service.workers].entries()) {
      load.enter(`worker ${index + 1} replaced`)
      await replaceWorker(service, worker)
    }
    await load.stop()
    process.stdout.write(describeCalls(load.calls))

    expect(load.calls.flatMap(({ fault }) => fault ?? [])).toEqual([])
    const accepted = load.calls.filter(({ trigger }) => trigger === "post-user-registration")
    for (const { executionId = "" } of accepted)
      expect((await service.api.reached(executionId, "succeeded")).attempts).toHaveLength(1)
  })
})
