/**
 * A tour of a running service: creates a hook for each trigger, fires all five, and shows an answer, a refusal,
 * retries, a dead letter and its replay. Removes its hooks at the end.
 *
 *   npm start            (in one terminal)
 *   npm run demo         (in another)
 */
import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { oneLine, TRIGGERS, type TriggerId } from "@hooklane/core"
import { type Api, connect } from "./api.ts"

const PREFIX = "demo-"

/** Longest sum of the default delays between five attempts is 15 s. */
const PATIENCE_MS = 30_000

interface Hook {
  id: string
  name: string
  triggerId: TriggerId
  enabled: boolean
}

interface Execution {
  id: string
  status: string
  error: { message: string } | null
  attempts: {
    attempt: number
    startedAt: string
    runMs: number
    error: { message: string } | null
    logs: { message: string }[]
  }[]
}

const api = await connect()
await refuseToDisturb(api)
try {
  const hooks = await createHooks(api)
  await synchronousAnswers(api)
  await retries(api, hooks["post-user-registration"])
  await deadLetterAndReplay(api, hooks["post-change-password"])
} finally {
  await removeDemoHooks(api)
}
chapter("That was it. The demo's hooks are removed; the history stays: GET /v1/executions")
say(`The lanes, seen from inside: ${api.url}/admin/queues (user: client id, password: client secret)`)

/** Enabling a demo hook would switch off the hook that serves a trigger now. */
async function refuseToDisturb(api: Api): Promise<void> {
  await removeDemoHooks(api)
  const enabled = await api.get<Hook[]>("/api/v2/hooks?enabled=true")
  if (enabled.length === 0) return
  say(
    `There are enabled hooks (${enabled.map((hook) => hook.name).join(", ")}), and the demo would switch them off.`,
  )
  say("Disable them, or run the demo against another service: HOOKLANE_DATA_DIR names its data folder.")
  process.exit(1)
}

async function createHooks(api: Api): Promise<Record<TriggerId, Hook>> {
  chapter("Five hooks, one per trigger, over the Management API")
  const made: [TriggerId, Hook][] = []
  for (const { id: triggerId } of Object.values(TRIGGERS)) {
    const script = await readFile(join(import.meta.dirname, `hooks/${triggerId}.js`), "utf8")
    const hook = await api.post<Hook>("/api/v2/hooks", {
      name: `${PREFIX}${triggerId}`,
      triggerId,
      script,
      enabled: true,
    })
    say(`  created ${hook.name} (${hook.id})`)
    made.push([triggerId, hook])
  }
  // One entry for each trigger of the catalog.
  return Object.fromEntries(made) as Record<TriggerId, Hook>
}

async function synchronousAnswers(api: Api): Promise<void> {
  chapter("Synchronous triggers answer the caller")
  const token = TRIGGERS["credentials-exchange"].sampleEvent
  await fire(api, "credentials-exchange", token, "a token for a paying client")
  const freeClient = {
    ...token,
    client: { id: "c", name: "Free", metadata: { plan: "free" } },
    scope: ["write:users"],
  }
  await fire(api, "credentials-exchange", freeClient, "write access for a free client")
  const signup = TRIGGERS["pre-user-registration"].sampleEvent
  await fire(api, "pre-user-registration", signup, "a registration")
  const throwAway = { ...signup, user: { email: "someone@mailinator.com" } }
  await fire(api, "pre-user-registration", throwAway, "a registration with a throw-away address")
  await fire(api, "send-phone-message", TRIGGERS["send-phone-message"].sampleEvent, "a one-time code")
}

async function fire(api: Api, triggerId: TriggerId, event: unknown, what: string): Promise<void> {
  const answer = await api.post<{
    status: string
    result?: unknown
    error?: { name: string; message: string }
    durationMs: number
  }>(`/v1/triggers/${triggerId}/events`, event)
  say(`  ${triggerId}: ${what}`)
  if (answer.error)
    say(`    refused: ${answer.error.name}: ${answer.error.message}  (${answer.durationMs} ms)`)
  else say(`    ${answer.status}: ${JSON.stringify(answer.result)}  (${answer.durationMs} ms)`)
}

async function retries(api: Api, hook: Hook): Promise<void> {
  chapter("An asynchronous trigger is stored first, and tried again until it works")
  await api.post(`/api/v2/hooks/${hook.id}/secrets`, { CRM_BUSY_UNTIL_ATTEMPT: "3" })
  const { executionId } = await api.post<{ executionId: string }>(
    "/v1/triggers/post-user-registration/events",
    TRIGGERS["post-user-registration"].sampleEvent,
  )
  say(`  accepted as ${executionId}; its CRM is busy for two attempts`)
  await follow(api, executionId)
}

async function deadLetterAndReplay(api: Api, hook: Hook): Promise<void> {
  chapter("What cannot work becomes a dead letter; mended, it is replayed")
  const { executionId } = await api.post<{ executionId: string }>(
    "/v1/triggers/post-change-password/events",
    TRIGGERS["post-change-password"].sampleEvent,
  )
  say(`  accepted as ${executionId}; its hook misses a secret (five attempts, up to 15 s)`)
  await follow(api, executionId)
  await api.post(`/api/v2/hooks/${hook.id}/secrets`, { SESSION_API_KEY: "s3cret" })
  const replay = await api.post<{ executionId: string }>(`/v1/executions/${executionId}/replay`)
  say(`  the secret is set; replayed as ${replay.executionId}`)
  await follow(api, replay.executionId)
}

/** Tells of each attempt as it happens, until the execution is over. */
async function follow(api: Api, executionId: string): Promise<void> {
  const giveUpAt = Date.now() + PATIENCE_MS
  let told = 0
  for (;;) {
    const execution = await api.get<Execution>(`/v1/executions/${executionId}`)
    for (const { attempt, error, logs } of execution.attempts.slice(told)) {
      say(`    attempt ${attempt}: ${error ? `failed: ${error.message}` : "succeeded"}`)
      for (const line of logs) say(`      console: ${line.message}`)
    }
    told = execution.attempts.length
    if (["succeeded", "dead_letter"].includes(execution.status)) return say(`    → ${execution.status}`)
    if (Date.now() > giveUpAt)
      throw new Error(`${executionId} is still ${execution.status} after ${PATIENCE_MS / 1000} s`)
    await delay(200)
  }
}

async function removeDemoHooks(api: Api): Promise<void> {
  const hooks = await api.get<Hook[]>("/api/v2/hooks")
  for (const hook of hooks.filter(({ name }) => name.startsWith(PREFIX)))
    await api.delete(`/api/v2/hooks/${hook.id}`)
}

function chapter(title: string): void {
  console.log()
  say(title)
}

/** What hooks and callers wrote is in it: it stays one line, and cannot act on the terminal. */
function say(line: string): void {
  console.log(oneLine(line))
}
