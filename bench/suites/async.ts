import { inTurn, medians, withBoth } from "../harness/both.ts"
import type { Contestant } from "../harness/contestant.ts"
import { load } from "../harness/load.ts"
import { openProbe } from "../harness/redis-probe.ts"
import type { Suite } from "../harness/suite.ts"

const DRAIN_MS = 30_000

/** Events accepted per second with 256 requests under way, while the workers run what was accepted. */
export const async: Suite = (options) =>
  withBoth(options, async (ours, peer) => {
    const [rounds, ms] = options.isQuick ? [2, 800] : [4, 1_500]
    const [ofOurs, ofPeer] = await inTurn([ours, peer], rounds + 1, (side, round) => {
      options.note(round === 0 ? `warming up: ${side.name}` : `round ${round} of ${rounds}: ${side.name}`)
      return accept(side, ms)
    })
    const perSecond = medians([ofOurs.slice(1), ofPeer.slice(1)], (pace) => pace.perSecond)
    return {
      findings: [
        {
          measure: "async accepted, 256 in flight",
          beside: "peer",
          unit: "/s",
          ...perSecond,
          better: "higher",
          reach: 1.2,
          aim: 1.5,
        },
      ],
    }
  })

/** Ends when the workers have caught up, so that the next one to be measured has the machine to itself. */
async function accept(side: Contestant, ms: number) {
  const pace = await load({ port: side.port, request: side.asyncRequest }, { inFlight: 256, ms })
  const probe = openProbe(side.redisUrl)
  await probe.untilEmpty(side.asyncWaitKey, DRAIN_MS)
  await probe.close()
  return pace
}
