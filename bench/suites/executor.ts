import { randomUUID } from "node:crypto"
import { fileURLToPath } from "node:url"
import { type Executors, startExecutors } from "@hooklane/executor"
import { Piscina } from "piscina"
import { inTurn, medians } from "../harness/both.ts"
import { keepInFlight } from "../harness/in-flight.ts"
import { figure } from "../harness/render.ts"
import type { Suite, SuiteOptions, Table } from "../harness/suite.ts"
import { SYNC_HOOK, syncEvent } from "../harness/workload.ts"

const THREADS = 2
const PLAIN_THREAD = fileURLToPath(new URL("../peer/plain-thread.ts", import.meta.url))

/** A way to run hooks: by number while it is warm, and one that it has never seen. */
interface Runner {
  name: string
  warm(hook: number): Promise<unknown>
  cold(): Promise<unknown>
  close(): Promise<void>
}

/** What containment costs: our executors beside the same function in plain piscina, no queue around either. */
export const executor: Suite = async (options) => {
  options.note("starting executors and a plain pool")
  const contained = openContained(
    await startExecutors({
      threads: THREADS,
      maxResultBytes: 262_144,
      maxLogBytes: 65_536,
      log: { warn: (fields, message) => options.note(`${message} ${JSON.stringify(fields)}`) },
    }),
  )
  const plain = openPlain()
  try {
    const rows = [
      ...(await warmRows([contained, plain], 1, options)),
      ...(await warmRows([contained, plain], 10, options)),
      await coldRow([contained, plain], options),
    ]
    return { findings: [], tables: [tableOf(rows)] }
  } finally {
    await contained.close()
    await plain.close()
  }
}

function tableOf(rows: string[][]): Table {
  return {
    title: `Executor, ${THREADS} threads: contained beside plain piscina`,
    columns: ["run", "contained", "plain", "ratio"],
    rows,
  }
}

type Sides = readonly [Runner, Runner]

async function warmRows(sides: Sides, hooks: number, { isQuick, note }: SuiteOptions): Promise<string[][]> {
  const [rounds, ms] = isQuick ? [1, 400] : [3, 1_000]
  const what = hooks === 1 ? "one hook" : `${hooks} hooks`
  const pace = (side: Runner, inFlight: number, forMs: number) =>
    keepInFlight((number) => side.warm(number % hooks), { inFlight, ms: forMs })
  note(`warm, ${what}`)
  for (const side of sides) await pace(side, 32, 2 * ms)
  const samples = await inTurn(sides, rounds, async (side) => ({
    one: await pace(side, 1, ms),
    many: await pace(side, 32, ms),
  }))
  const p50 = medians(samples, ({ one }) => one.p50Ms)
  const perSecond = medians(samples, ({ many }) => many.perSecond)
  return [
    compare(`warm, ${what}, 1 in flight, p50`, "ms", p50),
    compare(`warm, ${what}, 32 in flight`, "/s", perSecond),
  ]
}

async function coldRow(sides: Sides, { isQuick, note }: SuiteOptions): Promise<string[]> {
  note("cold")
  const samples = await inTurn(sides, isQuick ? 3 : 9, async (side) => {
    const startedAt = performance.now()
    await side.cold()
    const ms = performance.now() - startedAt
    // What is kept ready for the next cold run is being made; that is not this one's time.
    await new Promise((done) => setTimeout(done, 400))
    return ms
  })
  return compare(
    "cold: a version that was never run, p50",
    "ms",
    medians(samples, (ms) => ms),
  )
}

function compare(name: string, unit: string, { ours, theirs }: { ours: number; theirs: number }) {
  return [name, figure(ours, unit), figure(theirs, unit), `${(ours / theirs).toFixed(2)} ×`]
}

function openContained(executors: Executors): Runner {
  const event = JSON.stringify(syncEvent())
  const { signal } = new AbortController()
  async function run(versionId: string): Promise<void> {
    const task = {
      executionId: "exe_bench",
      attempt: 1,
      snapshot: {
        versionId,
        hookId: versionId,
        triggerId: "credentials-exchange" as const,
        script: SYNC_HOOK,
        dependencies: {},
      },
      secrets: {},
      event,
      limits: { timeoutMs: 20_000, heapMb: 64 },
    }
    const { outcome } = await executors.run(task, signal)
    if (outcome.status !== "returned") throw new Error(`A hook did not return: ${JSON.stringify(outcome)}`)
  }
  return {
    name: "contained",
    warm: (hook) => run(`ver_${hook}`),
    cold: () => run(`ver_${randomUUID()}`),
    close: executors.close,
  }
}

/** Cold is a new pool: plain piscina has nothing that sets one hook apart from another but that. */
function openPlain(): Runner {
  const open = () =>
    new Piscina({ filename: PLAIN_THREAD, name: "run", minThreads: THREADS, maxThreads: THREADS })
  const pool = open()
  const event = JSON.stringify(syncEvent())
  return {
    name: "plain",
    warm: (hook) => pool.run({ number: hook, script: SYNC_HOOK, event }),
    cold: async () => {
      const fresh = open()
      await fresh.run({ number: 0, script: SYNC_HOOK, event })
      // Ending the pool is not part of the run.
      void fresh.destroy()
    },
    close: () => pool.destroy(),
  }
}
