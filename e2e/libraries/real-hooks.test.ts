import { afterAll, beforeAll, test } from "vitest"
import { readCases } from "../real-hooks/cases.ts"
import { type CaseRunner, startCases } from "../real-hooks/run-case.ts"
import { bundleOf } from "./open-hook.ts"

let runner: CaseRunner

beforeAll(async () => {
  runner = await startCases()
})
afterAll(() => runner.close())

// The packages are fetched and bundled first, which takes its time on the first run.
test.each(readCases({ withPackages: true }))("$name: $kind", { timeout: 180_000 }, async (one) => {
  await runner.check(one, await bundleOf(one))
})
