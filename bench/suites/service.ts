import { inTurn, medians, withBoth } from "../harness/both.ts"
import type { Contestant } from "../harness/contestant.ts"
import { load } from "../harness/load.ts"
import type { Suite } from "../harness/suite.ts"

/** A synchronous call over HTTP: alone, and with 32 under way. */
export const service: Suite = (options) =>
  withBoth(options, async (ours, peer) => {
    const [rounds, ms] = options.isQuick ? [2, 1_000] : [4, 2_000]
    options.note("warming up")
    for (const side of [ours, peer]) await callSync(side, { inFlight: 32, ms: 4 * ms })
    const measure = (inFlight: number) =>
      inTurn([ours, peer], rounds, (side, round) => {
        options.note(`${inFlight} in flight, round ${round + 1} of ${rounds}: ${side.name}`)
        return callSync(side, { inFlight, ms })
      })
    const many = await measure(32)
    const alone = await measure(1)
    const beside = "peer"
    const perSecond = medians(many, (pace) => pace.perSecond)
    const p50 = medians(alone, (pace) => pace.p50Ms)
    const p99 = medians(many, (pace) => pace.p99Ms)
    return {
      findings: [
        {
          measure: "sync, 32 in flight",
          beside,
          unit: "/s",
          ...perSecond,
          better: "higher",
          reach: 1.5,
          aim: 2.5,
        },
        {
          measure: "sync, 1 in flight, p50",
          beside,
          unit: "ms",
          ...p50,
          better: "lower",
          reach: 0.9,
          aim: 0.6,
        },
        {
          measure: "sync, 32 in flight, p99",
          beside,
          unit: "ms",
          ...p99,
          better: "lower",
          reach: 0.7,
          aim: 0.4,
        },
      ],
    }
  })

function callSync({ port, syncRequest }: Contestant, span: { inFlight: number; ms: number }) {
  return load({ port, request: syncRequest }, span)
}
