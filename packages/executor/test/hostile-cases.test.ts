import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import type { LogLine, Outcome, TriggerId } from "@hooklane/core"
import { afterAll, beforeAll, describe, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, pidsOf, runBody, start, taskOf } from "./harness.ts"

/** An attack as data: a whole hook, the event that it is fired with, and in words what must come of it. */
interface HostileCase {
  id: string
  category: string
  trigger: TriggerId
  script: string
  payload: object
  mustHold: string
}

/** Of these, other tests take care: what is logged, and which addresses are open. */
const ELSEWHERE = ["logging", "network", "secrets"]

const folder = join(import.meta.dirname, "hostile/cases")
const cases = readdirSync(folder)
  .map((file): HostileCase => JSON.parse(readFileSync(join(folder, file), "utf8")))
  .filter(({ category }) => !ELSEWHERE.includes(category))
const casesOf = (...categories: string[]) =>
  cases
    .filter(({ category }) => categories.includes(category))
    .map((one): [string, HostileCase] => [one.id, one])

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

function fire(one: HostileCase, timeoutMs = 5_000): Promise<{ outcome: Outcome; logs: LogLine[] }> {
  const { id, script, trigger, payload } = one
  const options = { versionId: id, triggerId: trigger, event: payload, timeoutMs }
  return executors.run(taskOf(script, options), noAbort)
}

function leakOf(outcome: Outcome): unknown {
  const user: unknown = outcome.status === "returned" && Reflect.get(Object(outcome.value), "user")
  return Reflect.get(Object(Reflect.get(Object(user), "user_metadata")), "leak")
}

async function expectBenignAnswer(): Promise<void> {
  const { outcome } = await runBody(executors, "cb(null, { exact: 1 + 1 })", { versionId: "benign" })
  expect(outcome).toEqual({ status: "returned", value: { exact: 2 } })
}

test("every case belongs to a category that is known here", () => {
  const known = ["contract", "escape", "exhaustion", "fresh", "linger", "loading"]
  expect(cases.filter(({ category }) => !known.includes(category))).toEqual([])
  expect(cases.length).toBeGreaterThan(20)
})

describe("an escape finds nothing of the machine:", () => {
  test.each(casesOf("escape", "loading"))("%s", async (_, one) => {
    const { outcome } = await fire(one)
    // What such a hook says when it got nothing; it may have been refused as a whole, too.
    if (outcome.status === "returned") expect(leakOf(outcome)).toMatch(/^(nothing$|!! )/)
    else expect(["not_compiled", "rejected", "threw", "timed_out"]).toContain(outcome.status)
    await expectBenignAnswer()
  })
})

describe("with state=fresh the second run finds nothing of the first:", () => {
  test.each(casesOf("fresh"))("%s", async (_, one) => {
    for (const _run of [1, 2, 3]) expect(leakOf((await fire(one)).outcome)).toBe("clean")
  })
})

describe("without state=fresh, what a run patched is gone before the next one, too:", () => {
  // Bytes in the pool of buffers are not patched; they are the memory of the hook's own runs.
  const patched = casesOf("fresh").filter(([id]) => id !== "fresh-buffer-pool")
  test.each(patched)("%s", async (_, one) => {
    const warm = { ...one, id: `${one.id} warm`, script: one.script.replace("state=fresh", "") }
    warm.script = warm.script.replace(/^\/\/ hooklane:\s*\n/, "")
    for (const _run of [1, 2, 3]) expect(leakOf((await fire(warm)).outcome)).toBe("clean")
  })
})

describe("exhaustion ends in time, and others do not notice:", () => {
  test.each(casesOf("exhaustion"))("%s", { timeout: 60_000 }, async (_, one) => {
    const timeoutMs = 3_000
    const before = performance.now()
    await fire(one, timeoutMs)
    expect(performance.now() - before).toBeLessThan(timeoutMs + 3_000)
    await expectBenignAnswer()
  })
})

describe("what a run leaves behind does not reach the next one:", () => {
  test("close-event-stray", async () => {
    const one = caseOf("close-event-stray")
    const first = await fire(one)
    const second = await fire(one)
    expect(leakOf(first.outcome)).toBe("first")
    // The second may have met a new thread, and is a first one then.
    expect(["first", "second"]).toContain(leakOf(second.outcome))
    expect(JSON.stringify([first.logs, second.logs])).not.toContain("STRAY")
  })

  test("pbkdf2-under-steady-calls", { timeout: 60_000 }, async () => {
    const one = caseOf("pbkdf2-under-steady-calls")
    // Only the first call leaves work behind; the later ones are quick and keep coming.
    const script = one.script.replace("for (let i", "if (user.leave) for (let i")
    const call = (user: object) =>
      executors.run(taskOf(script, { versionId: one.id, event: { user, context: {} } }), noAbort)
    await call({ leave: true })
    const processes = pidsOf(executors)
    const startedAt = performance.now()
    while (processes.every((pid) => pidsOf(executors).includes(pid))) {
      const { outcome } = await call({})
      expect(["returned", "crashed", "executor_lost"]).toContain(outcome.status)
      if (performance.now() - startedAt > 20_000) break
    }
    expect(performance.now() - startedAt).toBeLessThan(20_000)
    expect(leakOf((await call({})).outcome)).toBe("first")
  })
})

test("values-odd: one answer of valid JSON, and nothing is polluted", async () => {
  const { outcome } = await fire(caseOf("values-odd"))
  expect(outcome.status).toBe("returned")
  expect(JSON.parse(JSON.stringify(outcome))).toEqual(outcome)
  expect(Reflect.get({}, "admin")).toBeUndefined()
  await expectBenignAnswer()
})

function caseOf(id: string): HostileCase {
  const found = cases.find((one) => one.id === id)
  if (!found) throw new Error(`There is no case ${id}`)
  return found
}
