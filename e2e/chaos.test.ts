import { expect, inject, test } from "vitest"
import { type ChaosOptions, runChaos } from "./chaos/run-chaos.ts"
import { summarize } from "./chaos/summary.ts"

declare module "vitest" {
  interface ProvidedContext {
    /** What `npm run chaos` was asked for. */
    chaos?: Pick<ChaosOptions, "seconds" | "seed" | "database">
  }
}

const asked = inject("chaos")
const { seconds, seed, database } = asked ?? { seconds: 0, seed: 1, database: "sqlite" }

test("every promise is kept while processes die, Redis goes away and clocks differ", {
  timeout: (seconds + 180) * 1_000,
}, async () => {
  const note = asked ? (text: string) => void process.stdout.write(`${text}\n`) : undefined
  const report = await runChaos({ seed, seconds, database, ...(note && { note }) })
  if (asked || report.broken.length > 0) process.stdout.write(`\n${summarize(report)}\n`)
  expect(report.broken).toEqual([])
})
