import { setTimeout as delay } from "node:timers/promises"
import { withBoth } from "../harness/both.ts"
import type { Contestant } from "../harness/contestant.ts"
import { load } from "../harness/load.ts"
import { openProbe } from "../harness/redis-probe.ts"
import type { Suite } from "../harness/suite.ts"

/** Longer than an answer is kept for a gateway that was not listening (10 s). */
const SETTLE_MS = 11_500

/** What a finished synchronous job leaves behind in Redis. */
export const memory: Suite = (options) =>
  withBoth(options, async (ours, peer) => {
    const jobs = options.isQuick ? 2_000 : 8_000
    // Makes the keys that stay; its own answers, which expire, are too few to be seen.
    await Promise.all([ours, peer].map((side) => run(side, 20)))
    const before = await Promise.all([usedBytes(ours), usedBytes(peer)])
    for (const side of [ours, peer]) {
      options.note(`${jobs.toLocaleString("en")} jobs: ${side.name}`)
      await run(side, jobs)
    }
    options.note("waiting for what expires")
    await delay(SETTLE_MS)
    const after = await Promise.all([usedBytes(ours), usedBytes(peer)])
    return {
      findings: [
        {
          measure: "Redis memory per finished job",
          beside: "stock defaults (peer)",
          unit: "bytes",
          ours: Math.max(0, (after[0] - before[0]) / jobs),
          theirs: (after[1] - before[1]) / jobs,
          better: "lower",
          reach: 0.1,
          aim: 0.01,
        },
      ],
    }
  })

function run({ port, syncRequest }: Contestant, count: number) {
  return load({ port, request: syncRequest }, { inFlight: 32, count })
}

async function usedBytes({ redisUrl }: Contestant): Promise<number> {
  const probe = openProbe(redisUrl)
  const bytes = await probe.usedBytes()
  await probe.close()
  return bytes
}
