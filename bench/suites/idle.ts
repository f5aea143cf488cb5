import { setTimeout as delay } from "node:timers/promises"
import { cpuTimeMs } from "../harness/cpu-time.ts"
import { load } from "../harness/load.ts"
import { figure } from "../harness/render.ts"
import { startService } from "../harness/service.ts"
import type { Suite } from "../harness/suite.ts"

const SETTLE_MS = 2_000

/** Share of a core that a service takes which has worked and has nothing to do now. */
export const idle: Suite = async ({ isQuick, note }) => {
  note("starting the service")
  const { port, syncRequest, pids, close } = await startService()
  try {
    await load({ port, request: syncRequest }, { inFlight: 8, ms: 1_000 })
    await delay(SETTLE_MS)
    const seconds = isQuick ? 3 : 10
    note(`doing nothing for ${seconds} s`)
    const groups = { gateway: [pids.gateway], "worker and executors": pids.workers, Redis: [pids.redis] }
    const before = Object.values(groups).map(cpuTimeMs)
    await delay(seconds * 1_000)
    const after = Object.values(groups).map(cpuTimeMs)
    const percents = after.map((ms, index) => ((ms ?? Number.NaN) - (before[index] ?? 0)) / seconds / 10)
    return {
      findings: [
        {
          measure: "idle CPU of gateway and worker",
          beside: "1 % of a core",
          unit: "%",
          ours: (percents[0] ?? 0) + (percents[1] ?? 0),
          theirs: 1,
          better: "lower",
          reach: 1,
          aim: 1,
        },
      ],
      tables: [
        {
          title: "Idle, in parts",
          columns: Object.keys(groups),
          rows: [percents.map((percent) => figure(percent, "%"))],
        },
      ],
    }
  } finally {
    await close()
  }
}
