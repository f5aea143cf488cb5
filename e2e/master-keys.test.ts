import { readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { generateMasterKey } from "@hooklane/core/keyring"
import { CANNOT_START } from "@hooklane/core/run-process"
import { describe, expect, test } from "vitest"
import { hasPostgres, newPostgresDatabase } from "../packages/storage/test/postgres-database.ts"
import { processEnv } from "../scripts/launcher/process-env.ts"
import { type AppProcess, startApp } from "./app-process.ts"
import type { GatewayProcess, Service } from "./service.ts"
import { ownService } from "./service-test.ts"

/** Of each kind. */
const EVERY_MS = 100
const STEADY_MS = 1_000

/** A process of the service with a key of its own, of which only the end is awaited. */
async function startWithKey(
  { dir, redis }: Service,
  app: "gateway" | "worker",
  settings: Record<string, string>,
): Promise<AppProcess> {
  return startApp({
    name: app,
    args: [join(import.meta.dirname, `../apps/${app}/src/main.ts`)],
    env: processEnv(app, {}, { PORT: "0", HOOKLANE_DATA_DIR: dir, REDIS_URL: redis.url, ...settings }),
    onLine: () => {},
  })
}

async function expectRefusal(process: AppProcess, sentence: RegExp): Promise<void> {
  expect(await process.exited).toEqual({ code: CANNOT_START, signal: null })
  const said = process.output().split("\n")
  expect(said.at(-1)).toMatch(sentence)
  expect(said.filter((line) => line.startsWith("    at "))).toEqual([])
}

test("a worker or a gateway with another key does not start, takes no job, and says what to do", {
  timeout: 60_000,
}, async () => {
  const service = await ownService()
  await service.api.createHook("credentials-exchange", "cb(null, { scope: [] })")
  const foreign = { HOOKLANE_MASTER_KEY: generateMasterKey() }
  await Promise.all([
    startWithKey(service, "worker", foreign).then((worker) =>
      expectRefusal(
        worker,
        /^The master key does not fit: what waits in Redis was sealed with key [0-9a-f]{8}/,
      ),
    ),
    startWithKey(service, "gateway", foreign).then((gateway) =>
      expectRefusal(gateway, /^The master key does not fit the database: .*master.key/),
    ),
  ])
  const answers = await Promise.all(
    Array.from({ length: 10 }, () => service.api.fire("credentials-exchange")),
  )
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
})

/** Calls of both kinds at a steady rate, each sent once and to the next of `gateways`, which may change. */
function startCalls(gateways: GatewayProcess[]) {
  const faults: string[] = []
  const accepted: string[] = []
  const underWay = new Set<Promise<void>>()
  let count = 0

  async function call(trigger: "credentials-exchange" | "post-user-registration"): Promise<void> {
    const gateway = gateways[count++ % gateways.length]
    const { status, body } = (await gateway?.api.fire(trigger)) ?? {}
    if (status === 202 && body) accepted.push(body.executionId)
    // A machine too slow for this load may say so; keys have no part in it.
    else if (status !== 200 && body?.errorCode !== "overloaded") faults.push(`${status} ${body?.message}`)
  }

  const ticking = setInterval(() => {
    for (const trigger of ["credentials-exchange", "post-user-registration"] as const) {
      const one = call(trigger)
        .catch((error: Error) => void faults.push(error.message))
        .finally(() => underWay.delete(one))
      underWay.add(one)
    }
  }, EVERY_MS)
  return {
    faults,
    accepted,
    count: () => count,
    stop: async () => {
      clearInterval(ticking)
      await Promise.all(underWay)
    },
  }
}

describe.runIf(hasPostgres)("two gateways and two workers under load", () => {
  test("get another master key in two rounds, and no call fails", { timeout: 300_000 }, async () => {
    const settings = { DATABASE_URL: await newPostgresDatabase() }
    const service = await ownService({ workers: 2, settings })
    const { dir, api, workers } = service
    const gateways = [{ process: service.gateway, api }, await service.startGateway()]
    await api.createHook("credentials-exchange", "cb(null, { scope: [configuration.KEY] })", {
      secrets: { KEY: "value" },
    })
    await api.createHook("post-user-registration", "setTimeout(cb, 20)")

    async function replaceAll(): Promise<void> {
      for (const old of [...gateways]) {
        gateways.splice(gateways.indexOf(old), 1)
        await stopped(old.process)
        gateways.push(await service.startGateway())
      }
      for (const old of [...workers]) {
        await stopped(old)
        await service.startWorker()
      }
    }

    const oldKey = (await readFile(join(dir, "master.key"), "utf8")).trim()
    const newKey = generateMasterKey()
    const load = startCalls(gateways)
    await sleep(STEADY_MS)
    const tooEarly = await startWithKey(service, "worker", { HOOKLANE_MASTER_KEY: `${newKey},${oldKey}` })
    await expectRefusal(tooEarly, /give every process HOOKLANE_MASTER_KEY=<old>,<new> first/)
    for (const keys of [`${oldKey},${newKey}`, `${newKey},${oldKey}`]) {
      await writeFile(join(dir, "master.key"), `${keys}\n`)
      await replaceAll()
    }
    await load.stop()

    expect(load.faults).toEqual([])
    expect(load.count()).toBeGreaterThan(100)
    for (const id of load.accepted) {
      const { attempts } = (await gateways[0]?.api.reached(id, "succeeded")) ?? {}
      expect(attempts).toHaveLength(1)
    }
  })
})

async function stopped(process: AppProcess): Promise<void> {
  process.terminate()
  expect(await process.exited).toEqual({ code: 0, signal: null })
}
