import { randomUUID } from "node:crypto"
import { fileURLToPath } from "node:url"
import { type Executors, type RunTask, startExecutors } from "@hooklane/executor"
import { Piscina } from "piscina"
import { inTurn, medians } from "../harness/both.ts"
import { keepInFlight } from "../harness/in-flight.ts"
import { figure } from "../harness/render.ts"
import { median } from "../harness/statistics.ts"
import type { Finding, Suite, SuiteOptions } from "../harness/suite.ts"
import { SYNC_HOOK, syncEvent } from "../harness/workload.ts"

const THREADS = 2
const EVENT = JSON.stringify(syncEvent())
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
  const executors = await openExecutors(options.note)
  const contained = openContained(executors)
  const plain = openPlain()
  const sides: Sides = [contained, plain]
  try {
    const one = await warmPaces(sides, 1, options)
    const ten = await warmPaces(sides, 10, options)
    const cold = await coldStarts(sides, options)
    const memory = await memoryOf(executors, options)
    return {
      findings: findingsOf(one, cold, memory.ranOnceMb),
      tables: [
        {
          title: `Executor, ${THREADS} threads: contained beside plain piscina`,
          columns: ["run", "contained", "plain", "ratio"],
          rows: [
            ...warmRows("one hook", one),
            ...warmRows("10 hooks", ten),
            compare("cold: a version that was never run, p50", "ms", cold),
          ],
        },
        {
          title: "Memory of an idle executor (RSS)",
          columns: ["ran once", "was busy with two threads"],
          rows: [[figure(memory.ranOnceMb, "MB"), figure(memory.wasBusyMb, "MB")]],
        },
      ],
    }
  } finally {
    await contained.close()
    await plain.close()
  }
}

export function openExecutors(note: SuiteOptions["note"]): Promise<Executors> {
  return startExecutors({
    threads: THREADS,
    maxResultBytes: 262_144,
    maxLogBytes: 65_536,
    log: { warn: (fields, message) => note(`${message} ${JSON.stringify(fields)}`) },
  })
}

type Sides = readonly [Runner, Runner]
type Pair = { ours: number; theirs: number }

/** By how many runs are under way. */
interface WarmPaces {
  alone: Pair
  p99OfTwo: Pair
  perSecond: Pair
}

async function warmPaces(sides: Sides, hooks: number, { isQuick, note }: SuiteOptions): Promise<WarmPaces> {
  const [rounds, ms] = isQuick ? [1, 400] : [3, 1_000]
  const pace = (side: Runner, inFlight: number, forMs: number) =>
    keepInFlight((number) => side.warm(number % hooks), { inFlight, ms: forMs })
  note(`warm, ${hooks === 1 ? "one hook" : `${hooks} hooks`}`)
  for (const side of sides) await pace(side, 32, 2 * ms)
  const samples = await inTurn(sides, rounds, async (side) => ({
    one: await pace(side, 1, ms),
    two: await pace(side, THREADS, ms),
    many: await pace(side, 32, ms),
  }))
  return {
    alone: medians(samples, ({ one }) => one.p50Ms),
    p99OfTwo: medians(samples, ({ two }) => two.p99Ms),
    perSecond: medians(samples, ({ many }) => many.perSecond),
  }
}

async function coldStarts(sides: Sides, { isQuick, note }: SuiteOptions): Promise<Pair> {
  note("cold")
  const samples = await inTurn(sides, isQuick ? 3 : 9, async (side) => {
    const startedAt = performance.now()
    await side.cold()
    const ms = performance.now() - startedAt
    // What is kept ready for the next cold run is being made; that is not this one's time.
    await new Promise((done) => setTimeout(done, 400))
    return ms
  })
  return medians(samples, (ms) => ms)
}

/** Those of versions that ran warm for seconds, and those of versions that were run cold. */
async function memoryOf(executors: Executors, { note }: SuiteOptions) {
  note("memory")
  // It is looked at 20 times a second while a process runs something, and then once more.
  await new Promise((done) => setTimeout(done, 2_000))
  const idle = executors.stats().executors
  const medianOf = (isWarm: boolean) =>
    median(
      idle
        .filter(({ hookVersions: [version] }) => version && /^ver_\d$/.test(version) === isWarm)
        .map(({ rssMb }) => rssMb),
    )
  return { ranOnceMb: medianOf(false), wasBusyMb: medianOf(true) }
}

function findingsOf({ alone, p99OfTwo }: WarmPaces, cold: Pair, rssMb: number): Finding[] {
  const bounded = { better: "lower", reach: 1, aim: 0.5 } as const
  return [
    {
      measure: "containment adds to a warm run, p50",
      beside: "0.6 ms",
      unit: "ms",
      ours: alone.ours - alone.theirs,
      theirs: 0.6,
      ...bounded,
    },
    {
      measure: "warm run, one per thread, p99",
      beside: "plain piscina",
      unit: "ms",
      ...p99OfTwo,
      better: "lower",
      reach: 1.6,
      aim: 1.2,
    },
    {
      measure: "cold run with a process kept ready",
      beside: "40 ms",
      unit: "ms",
      ours: cold.ours,
      theirs: 40,
      ...bounded,
    },
    { measure: "idle executor, RSS", beside: "80 MB", unit: "MB", ours: rssMb, theirs: 80, ...bounded },
  ]
}

function warmRows(what: string, { alone, p99OfTwo, perSecond }: WarmPaces): string[][] {
  return [
    compare(`warm, ${what}, 1 in flight, p50`, "ms", alone),
    compare(`warm, ${what}, ${THREADS} in flight, p99`, "ms", p99OfTwo),
    compare(`warm, ${what}, 32 in flight`, "/s", perSecond),
  ]
}

function compare(name: string, unit: string, { ours, theirs }: Pair) {
  return [name, figure(ours, unit), figure(theirs, unit), `${(ours / theirs).toFixed(2)} ×`]
}

/** The hook's run in an executor of its own version; a script of another kind may stand in for it. */
export function runTaskOf(versionId: string, script = SYNC_HOOK, timeoutMs = 20_000): RunTask {
  return {
    executionId: "exe_bench",
    attempt: 1,
    snapshot: { versionId, hookId: versionId, triggerId: "credentials-exchange", script, dependencies: {} },
    secrets: {},
    event: EVENT,
    limits: { timeoutMs, heapMb: 64 },
  }
}

function openContained(executors: Executors): Runner {
  const { signal } = new AbortController()
  async function run(versionId: string): Promise<void> {
    const { outcome } = await executors.run(runTaskOf(versionId), signal)
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
  const event = EVENT
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
