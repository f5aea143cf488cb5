import { type ChildProcess, spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import { inTurn, medians, withBoth } from "../harness/both.ts"
import { load } from "../harness/load.ts"
import { median } from "../harness/statistics.ts"
import type { Suite } from "../harness/suite.ts"

/** Busy processes for each processor: a load of 20 on two. */
const BUSY_PER_PROCESSOR = 10
/** A busy process ends by itself after so long, whatever becomes of the bench. */
const BUSY_LIMIT_MS = 300_000
const IN_FLIGHT = 8

/** Synchronous calls while other processes take the processors, beside the same calls without them. */
export const starved: Suite = (options) =>
  withBoth(options, async (ours, peer) => {
    const [rounds, ms] = options.isQuick ? [1, 1_000] : [3, 3_000]
    const measure = (what: string) =>
      inTurn([ours, peer], rounds, ({ name, port, syncRequest: request }, round) => {
        options.note(`${what}, round ${round + 1} of ${rounds}: ${name}`)
        return load({ port, request }, { inFlight: IN_FLIGHT, ms })
      })
    options.note("warming up")
    await measure("warming up")
    const free = await measure("processors free")
    const busy = takeProcessors()
    try {
      const taken = await measure(`${busy.length} busy processes`)
      const [oursKept, peersKept] = [0, 1].map((side) => kept(taken[side], free[side]))
      const beside = "peer"
      return {
        findings: [
          {
            measure: `share of sync throughput kept, ${busy.length} busy processes`,
            beside,
            unit: "%",
            ours: oursKept ?? 0,
            theirs: peersKept ?? 0,
            better: "higher",
            reach: 0.8,
            aim: 1,
          },
          {
            measure: `sync p99, ${busy.length} busy processes`,
            beside,
            unit: "ms",
            ...medians(taken, ({ p99Ms }) => p99Ms),
            better: "lower",
            reach: 2,
            aim: 1.2,
          },
        ],
      }
    } finally {
      for (const one of busy) one.kill("SIGKILL")
    }
  })

type Paces = readonly { perSecond: number }[]

function kept(taken: Paces = [], free: Paces = []): number {
  const perSecond = (paces: Paces) => median(paces.map((pace) => pace.perSecond))
  return (100 * perSecond(taken)) / perSecond(free)
}

function takeProcessors(): ChildProcess[] {
  const script = `setTimeout(process.exit, ${BUSY_LIMIT_MS}); setImmediate(function turn() { const until = Date.now() + 50; while (Date.now() < until); setImmediate(turn) })`
  return Array.from({ length: BUSY_PER_PROCESSOR * availableParallelism() }, () =>
    spawn(process.execPath, ["-e", script], { stdio: "ignore" }),
  )
}
