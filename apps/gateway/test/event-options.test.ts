import { TRIGGERS, type TriggerId } from "@hooklane/core"
import { pino } from "pino"
import { expect, test } from "vitest"
import { readTiming } from "../src/event-options.ts"
import { answerError } from "../src/problem.ts"
import { createRouter } from "../src/router.ts"

const NOW = Date.parse("2030-01-01T00:00:00Z")

/** What is read of a request, with a limit of 20 s and 30 days. */
async function read(triggerId: TriggerId, query: string, headers: Record<string, string> = {}) {
  const app = createRouter()
  const limits = { syncTimeoutMs: 20_000, maxDelayDays: 30, now: () => NOW }
  app.get("/", (c) => c.json(readTiming(c, TRIGGERS[triggerId], limits)))
  app.onError(answerError({ log: pino({ level: "silent" }) }))
  const response = await app.request(`/${query}`, { headers })
  const applied = response.headers.get("preference-applied")
  return { status: response.status, body: JSON.parse(await response.text()), applied }
}

test.each([
  ["", undefined, 20_000, null],
  ["?timeoutMs=1500", undefined, 1_500, null],
  ["?timeoutMs=60000", undefined, 20_000, null],
  ["", "wait=3", 3_000, "wait=3"],
  ["", 'respond-async, Wait = "3"; foo=bar', 3_000, "wait=3"],
  ["", "wait=100", 20_000, "wait=20"],
  ["?timeoutMs=1500", "wait=3", 1_500, "wait=2"],
  ["", "wait=0", 20_000, null],
  ["", "wait=soon", 20_000, null],
  ["", "await=3", 20_000, null],
])("a call with query %j and preference %j may take %i ms", async (query, prefer, timeoutMs, applied) => {
  const answer = await read("credentials-exchange", query, prefer === undefined ? {} : { prefer })
  expect(answer).toEqual({ status: 200, body: { timeoutMs }, applied })
})

test("an asynchronous event may say how urgent it is, and when it is due", async () => {
  const { body } = await read("post-user-registration", "?priority=7&deliverAt=2030-01-02T01:00:00%2B01:00")
  expect(body).toEqual({ priority: 7, deliverAt: Date.parse("2030-01-02T00:00:00Z") })
})

test.each([
  ["credentials-exchange", "?timeoutMs=5", "timeoutMs"],
  ["credentials-exchange", "?timeoutMs=soon", "timeoutMs"],
  ["credentials-exchange", "?priority=1", "priority"],
  ["credentials-exchange", "?deliverAt=2030-01-02T00:00:00Z", "deliverAt"],
  ["post-user-registration", "?timeoutMs=1000", "timeoutMs"],
  ["post-user-registration", "?priority=-1", "priority"],
  ["post-user-registration", "?priority=1&priority=2", "priority"],
  ["post-user-registration", "?deliverAt=tomorrow", "deliverAt"],
  ["post-user-registration", "?deliverAt=2030-02-01T00:00:00Z", "deliverAt"],
] as const)("%s refuses %s, by name", async (triggerId, query, name) => {
  const { status, body } = await read(triggerId, query)
  expect({ status, body }).toMatchObject({ status: 400, body: { errorCode: "invalid_query_string" } })
  expect(body.message).toContain(name)
})
