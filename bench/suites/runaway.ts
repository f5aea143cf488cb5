import type { Executors } from "@hooklane/executor"
import { keepInFlight, type Pace } from "../harness/in-flight.ts"
import { median } from "../harness/statistics.ts"
import type { Suite, SuiteOptions } from "../harness/suite.ts"
import { openExecutors, runTaskOf } from "./executor.ts"

const LOOPING_HOOK = "module.exports = function () { for (;;); };"
const LIMIT_MS = 300

/** A hook that loops for ever: when it is stopped, and what another hook notices of it. */
export const runaway: Suite = async (options) => {
  options.note("starting executors")
  const executors = await openExecutors(options.note)
  try {
    const { alone, beside, overshootMs } = await measure(executors, options)
    return {
      findings: [
        {
          measure: `a loop with a limit of ${LIMIT_MS} ms is stopped later by`,
          beside: "100 ms",
          unit: "ms",
          ours: overshootMs,
          theirs: 100,
          better: "lower",
          reach: 1,
          aim: 0.2,
        },
        {
          measure: "another hook's run while one loops, p50",
          beside: "nothing loops",
          unit: "ms",
          ours: beside,
          theirs: alone,
          better: "lower",
          reach: 2,
          aim: 1.2,
        },
      ],
    }
  } finally {
    await executors.close()
  }
}

async function measure(executors: Executors, { isQuick, note }: SuiteOptions) {
  const { signal } = new AbortController()
  const [rounds, ms] = isQuick ? [2, 1_000] : [5, 2_000]
  const other = () => keepInFlight(() => executors.run(runTaskOf("other"), signal), { inFlight: 1, ms })
  const overshoots: number[] = []
  const loop = async () => {
    const { runMs } = await executors.run(runTaskOf("looping", LOOPING_HOOK, LIMIT_MS), signal)
    overshoots.push(runMs - LIMIT_MS)
  }
  note("warming up")
  await other()
  await loop()
  overshoots.length = 0
  const [alone, beside]: [Pace[], Pace[]] = [[], []]
  for (let round = 1; round <= rounds; round += 1) {
    note(`round ${round} of ${rounds}`)
    alone.push(await other())
    const [pace] = await Promise.all([other(), keepInFlight(loop, { inFlight: 1, ms })])
    beside.push(pace)
  }
  const p50 = (paces: Pace[]) => median(paces.map(({ p50Ms }) => p50Ms))
  return { alone: p50(alone), beside: p50(beside), overshootMs: Math.max(...overshoots) }
}
