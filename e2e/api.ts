import { type ExecutionStatus, type Failure, TRIGGERS, type TriggerId } from "@hooklane/core"
import { expect, vi } from "vitest"

export interface Answer<Body = unknown> {
  status: number
  headers: Headers
  body: Body
}

/** The body of every error. */
export interface Problem {
  statusCode: number
  error: string
  message: string
  errorCode?: string
  executionId?: string
}

export interface HookView {
  id: string
  name: string
  script: string
  enabled: boolean
}

/** What a trigger answers, whatever its status. */
export interface EventAnswer extends Problem {
  executionId: string
  status: "succeeded" | "failed" | "skipped" | "queued"
  result?: unknown
  /** Of a chain. */
  executions?: string[]
}

export interface Execution {
  id: string
  status: ExecutionStatus
  failure: Failure | null
  versionId: string
  replayOf: string | null
  error: { message: string } | null
  attempts: {
    attempt: number
    workerId: string
    startedAt: string
    failure: Failure | null
    error: { message: string } | null
    logs: { level: string; message: string }[]
  }[]
}

export interface Call {
  /** Sent as JSON; text is sent as it is. */
  body?: unknown
  headers?: Record<string, string>
  /** Instead of the first client's token; an empty one leaves the header away. */
  token?: string
}

export interface NewHook {
  enabled?: boolean
  secrets?: Record<string, string>
}

/** The HTTP interface, called with the token of the first client. */
export type Api = ReturnType<typeof createApi>

export function createApi({ url, token }: { url: string; token: string }) {
  let hooks = 0

  async function send<Body>(method: string, path: string, call: Call = {}): Promise<Answer<Body>> {
    const { body, headers, token: bearer = token } = call
    const response = await fetch(url + path, {
      method,
      headers: {
        ...(bearer && { authorization: `Bearer ${bearer}` }),
        ...(body !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    })
    return { status: response.status, headers: response.headers, body: parse(await response.text()) }
  }

  /** The body of a call that must succeed. */
  async function get<Body>(path: string): Promise<Body> {
    return succeeded(await send<Body>("GET", path))
  }

  async function post<Body>(path: string, body?: unknown): Promise<Body> {
    return succeeded(await send<Body>("POST", path, { body }))
  }

  async function patch<Body>(path: string, body: unknown): Promise<Body> {
    return succeeded(await send<Body>("PATCH", path, { body }))
  }

  /** Makes a hook whose function has `code` as its body, and puts it in charge of its trigger. */
  async function createHook(triggerId: TriggerId, code: string, options: NewHook = {}): Promise<HookView> {
    const { enabled = true, secrets } = options
    const name = `hook-${++hooks}-${Date.now()}`
    const script = scriptOf(triggerId, code)
    const hook = await post<HookView>("/api/v2/hooks", { name, triggerId, script, enabled })
    if (secrets) await post(`/api/v2/hooks/${hook.id}/secrets`, secrets)
    return hook
  }

  /** Submits an event, the trigger's sample unless another is given. */
  function fire(triggerId: TriggerId, call: Call = {}): Promise<Answer<EventAnswer>> {
    const event = call.body ?? TRIGGERS[triggerId].sampleEvent
    return send("POST", `/v1/triggers/${triggerId}/events`, { ...call, body: event })
  }

  /** Submits an asynchronous event, and gives the id of its execution. */
  async function accept(triggerId: TriggerId): Promise<string> {
    const { status, body } = await fire(triggerId)
    expect({ status, body }).toMatchObject({ status: 202, body: { status: "queued" } })
    return body.executionId
  }

  function execution(id: string): Promise<Execution> {
    return get(`/v1/executions/${id}`)
  }

  /** The execution once it has `status`. */
  function reached(id: string, status: ExecutionStatus, timeout = 15_000): Promise<Execution> {
    return vi.waitFor(
      async () => {
        const found = await execution(id)
        expect(found).toMatchObject({ status })
        return found
      },
      { timeout, interval: 50 },
    )
  }

  return { url, token, send, get, post, patch, createHook, fire, accept, execution, reached }
}

/** The script of a hook of `triggerId` whose function has `code` as its body and `cb` as its callback. */
export function scriptOf(triggerId: TriggerId, code: string): string {
  return `module.exports = function (${[...TRIGGERS[triggerId].parameters, "cb"].join(", ")}) { ${code} }`
}

/** The access token that a client gets for its credentials. */
export async function login(url: string, clientId: string, clientSecret: string): Promise<string> {
  const response = await fetch(`${url}/oauth/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: clientId,
      client_secret: clientSecret,
    }),
  })
  return JSON.parse(await response.text()).access_token
}

function succeeded<Body>({ status, body }: Answer<Body>): Body {
  expect({ status, body }).toMatchObject({ status: expect.toSatisfy((code: number) => code < 300) })
  return body
}

/** What is not JSON stays text. The caller says what shape it expects, and its assertions check it. */
function parse(text: string) {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
