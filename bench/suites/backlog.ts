import { medians } from "../harness/both.ts"
import type { Pace } from "../harness/in-flight.ts"
import { load, loadAtRate } from "../harness/load.ts"
import { type Service, startService } from "../harness/service.ts"
import type { Suite, SuiteOptions } from "../harness/suite.ts"
import { SLOW_ASYNC_HOOK } from "../harness/workload.ts"

const PER_SECOND = 100
const ROUNDS = 3

/** Synchronous calls at 100 per second while asynchronous jobs wait and are worked off, beside an empty lane. */
export const backlog: Suite = async (options) => {
  const jobs = options.isQuick ? 5_000 : 100_000
  options.note("starting the service")
  const service = await startService({
    asyncHook: SLOW_ASYNC_HOOK,
    env: { HOOKLANE_MAX_LANE_LENGTH: "1000000" },
    profileDir: options.profileDir,
  })
  try {
    await load({ port: service.port, request: service.syncRequest }, { inFlight: 8, ms: 1_000 })
    const empty = await measure(service, options, "an empty lane")
    options.note(`storing ${jobs.toLocaleString("en")} events`)
    await service.switchAsyncLane("pause")
    await load({ port: service.port, request: service.asyncRequest }, { inFlight: 64, count: jobs })
    await service.switchAsyncLane("resume")
    const waiting = await measure(service, options, `${jobs.toLocaleString("en")} jobs waiting`)
    return {
      findings: [
        {
          measure: `sync p99 at ${PER_SECOND}/s, ${jobs.toLocaleString("en")} async jobs wait`,
          beside: "empty lane",
          unit: "ms",
          ...medians([waiting, empty], (pace) => pace.p99Ms),
          better: "lower",
          reach: 2,
          aim: 1.2,
        },
      ],
    }
  } finally {
    await service.close()
  }
}

async function measure(service: Service, { isQuick, note }: SuiteOptions, what: string): Promise<Pace[]> {
  const paces: Pace[] = []
  for (let round = 1; round <= ROUNDS; round += 1) {
    note(`${what}, round ${round} of ${ROUNDS}`)
    const target = { port: service.port, request: service.syncRequest }
    paces.push(await loadAtRate(target, { perSecond: PER_SECOND, ms: isQuick ? 600 : 3_000 }))
  }
  return paces
}
