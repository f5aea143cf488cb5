import { startPostgres } from "../../scripts/postgres.ts"
import { inTurn, medians } from "../harness/both.ts"
import { load } from "../harness/load.ts"
import { startService } from "../harness/service.ts"
import type { Suite } from "../harness/suite.ts"

/** What it costs to share the database: PostgreSQL, and a mark in Redis that every event asks for. */
export const postgres: Suite = async ({ isQuick, note, profileDir }) => {
  const [rounds, ms] = isQuick ? [2, 1_000] : [6, 2_000]
  await using resources = new AsyncDisposableStack()
  note("starting a service on PostgreSQL and one on SQLite")
  const database = await startPostgres()
  resources.defer(database.close)
  const shared = await startService({ env: { DATABASE_URL: database.url }, profileDir })
  resources.defer(shared.close)
  const own = await startService()
  resources.defer(own.close)

  const measure = (kind: "syncRequest" | "asyncRequest", inFlight: number) =>
    inTurn([shared, own], rounds, (side, round) => {
      note(
        `${inFlight} in flight, round ${round + 1} of ${rounds}: ${side === shared ? "PostgreSQL" : "SQLite"}`,
      )
      return load({ port: side.port, request: side[kind] }, { inFlight, ms })
    })
  note("warming up")
  await measure("syncRequest", 32)
  const alone = medians(await measure("syncRequest", 1), (pace) => pace.p50Ms)
  const many = medians(await measure("syncRequest", 32), (pace) => pace.perSecond)
  const accepted = medians(await measure("asyncRequest", 256), (pace) => pace.perSecond)
  const beside = "SQLite"
  const throughput = { beside, unit: "/s", better: "higher", reach: 0.85, aim: 0.95 } as const
  return {
    findings: [
      {
        measure: "on PostgreSQL: sync, 1 in flight, p50",
        beside,
        unit: "ms",
        ...alone,
        better: "lower",
        reach: 1.3,
        aim: 1.15,
      },
      { measure: "on PostgreSQL: sync, 32 in flight", ...throughput, ...many },
      { measure: "on PostgreSQL: async accepted, 256 in flight", ...throughput, ...accepted },
    ],
  }
}
