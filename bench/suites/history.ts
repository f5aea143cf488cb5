import { inTurn, medians } from "../harness/both.ts"
import { fillHistory } from "../harness/fill-history.ts"
import { load } from "../harness/load.ts"
import { type Service, startService } from "../harness/service.ts"
import type { Suite } from "../harness/suite.ts"

/** Calls from end to end on a service with a long history beside one that begins its history. */
export const history: Suite = async ({ isQuick, note }) => {
  const executions = isQuick ? 20_000 : 1_000_000
  const [rounds, ms] = isQuick ? [2, 1_000] : [4, 1_500]
  note("starting a service with an empty history")
  const empty = await startService()
  try {
    note(`filling a history with ${executions.toLocaleString("en")} executions`)
    const full = await startService({
      prepare: ({ dataDir, masterKey }) => fillHistory(dataDir, masterKey, executions),
    })
    try {
      for (const side of [empty, full]) await call(side, ms)
      const paces = await inTurn([full, empty], rounds, (side, round) => {
        note(`round ${round + 1} of ${rounds}: ${side === full ? "long" : "empty"} history`)
        return call(side, ms)
      })
      return {
        findings: [
          {
            measure: `end to end, ${executions.toLocaleString("en")} executions in the history`,
            beside: "empty history",
            unit: "/s",
            ...medians(paces, (pace) => pace.perSecond),
            better: "higher",
            reach: 0.9,
            aim: 0.98,
          },
        ],
      }
    } finally {
      await full.close()
    }
  } finally {
    await empty.close()
  }
}

function call(side: Service, ms: number) {
  return load({ port: side.port, request: side.syncRequest }, { inFlight: 32, ms })
}
