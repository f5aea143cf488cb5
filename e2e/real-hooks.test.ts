import { afterAll, beforeAll, test } from "vitest"
import { readCases } from "./real-hooks/cases.ts"
import { type CaseRunner, startCases } from "./real-hooks/run-case.ts"

let runner: CaseRunner

beforeAll(async () => {
  runner = await startCases()
})
afterAll(() => runner.close())

test.each(readCases({ withPackages: false }))("$name: $kind", (one) => runner.check(one))
