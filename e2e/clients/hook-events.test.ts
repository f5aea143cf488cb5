import { type Json, type JsonObject, TRIGGER_IDS, TRIGGERS, type TriggerId } from "@hooklane/core"
import { type Executors, startExecutors } from "@hooklane/executor"
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest"
import { type HookAnswer, hookOf, openOriginal, ourAnswer } from "./hook-answers.ts"

/**
 * Each argument of each trigger, and each field that is checked, left out and given as every kind of value: we
 * refuse what Auth0's wrapper refused, with the same message, and take what it took.
 */
let executors: Executors

beforeAll(async () => {
  const limits = { maxResultBytes: 262_144, maxLogBytes: 65_536, maxExecutors: 2 }
  executors = await startExecutors({ threads: 1, ...limits, log: { warn: () => {} } })
})
afterAll(() => executors.close())

const VALUES: (Json | undefined)[] = [undefined, null, false, true, 0, 1, "", "a", [], [1], {}, { a: 1 }]

const USER_PATHS = ["", "user", "context", "context.connection", "context.request", "context.requestLanguage"]
const PATHS: Record<TriggerId, string[]> = {
  "credentials-exchange": ["", "client", "scope", "audience", "context"],
  "pre-user-registration": USER_PATHS,
  "post-user-registration": USER_PATHS,
  "post-change-password": USER_PATHS,
  "send-phone-message": [
    "",
    "recipient",
    "text",
    "context",
    "context.message_type",
    "context.action",
    "context.language",
    "context.code",
    "context.ip",
    "context.user_agent",
    "context.client",
    "context.client.client_id",
    "context.client.name",
    "context.client.client_metadata",
    "context.user",
  ],
}

/** Where the original fell over, `null` being an object to `typeof`: it had no answer, and we have one. */
const NO_ANSWER: Record<string, HookAnswer> = {
  "credentials-exchange  null": refused("Body received by extensibility point is not an object"),
  "credentials-exchange context null": { status: "success", data: "called" },
  "send-phone-message  null": refused("Body received by extensibility point is not an object"),
  "send-phone-message context null": refused("Body.context received by extensibility point is not an object"),
  "send-phone-message context.client null": refused(
    "Body.context.client received by extensibility point is not an object",
  ),
}

const CASES = TRIGGER_IDS.flatMap((triggerId) => PATHS[triggerId].map((path) => ({ triggerId, path })))

test.each(CASES)("$triggerId: Body.$path", async ({ triggerId, path }) => {
  const hook = { triggerId, script: hookOf(triggerId, "cb(null, 'called')") }
  const original = openOriginal(hook)
  onTestFinished(async () => void (await original.close()))
  for (const value of VALUES) {
    const body = changed(TRIGGERS[triggerId].sampleEvent, path.split("."), value)
    const theirs = await original.answer(body)
    const name = `${triggerId} ${path} ${JSON.stringify(value)}`
    const expected = theirs.status === "threw" ? NO_ANSWER[name] : withoutName(theirs)
    expect({ name, answer: await ourAnswer(executors, { ...hook, body }) }).toEqual({
      name,
      answer: expected,
    })
  }
})

test.each(TRIGGER_IDS)("%s: the first fault is the one that is told", async (triggerId) => {
  const hook = { triggerId, script: hookOf(triggerId, "cb(null, 'called')") }
  const original = openOriginal(hook)
  onTestFinished(async () => void (await original.close()))
  const paths = PATHS[triggerId].filter((path) => path !== "")
  for (const first of paths) {
    let body: Json = TRIGGERS[triggerId].sampleEvent
    for (const path of paths.slice(paths.indexOf(first))) body = changed(body, path.split("."), 7)
    const answer = await ourAnswer(executors, { ...hook, body })
    expect({ first, answer }).toEqual({ first, answer: withoutName(await original.answer(body)) })
  }
})

function refused(message: string): HookAnswer {
  return { status: "error", data: { message } }
}

/** A refused event is answered before there is an error of any class. */
function withoutName(answer: HookAnswer): HookAnswer {
  return answer.status === "error" ? refused(String(answer.data.message)) : answer
}

/** A copy of `body` with another value in one place; `undefined` leaves it out. */
function changed(body: Json, [name = "", ...rest]: string[], value: Json | undefined): Json {
  if (name === "") return value === undefined ? {} : value
  const inner = isObject(body) ? body : {}
  const { [name]: old = {}, ...others } = inner
  const replacement = rest.length > 0 ? changed(old, rest, value) : value
  return replacement === undefined ? others : { ...others, [name]: replacement }
}

function isObject(value: Json): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}
