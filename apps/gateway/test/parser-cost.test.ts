import { expect, test } from "vitest"
import { FORM_SHAPES, JSON_SHAPES, PLAIN_SHAPES, type Shape, seededRandom } from "./adversarial-text.ts"
import { openApp } from "./open-app.ts"

/**
 * Processor time of the thread that answers, so that it does not matter what else the machine does. A request with
 * nothing to parse takes a millisecond or less, and the most expensive honest byte (a property of a hook that is
 * refused by name) some 0.5 µs.
 */
const FIXED_MS = 40
const BUDGET_US_PER_BYTE = 3
/** The first times are the compiler's, and collection of garbage comes when it comes: the best of these counts. */
const TRIES = 3

/** Every fault by name is too much, when there are many. */
const MAX_ANSWER_BYTES = 65_536

const SEED = 20_261_129
const FORM_BYTES = 65_536
const JSON_BYTES = 262_144
/** Node takes 16 kB of headers in all, the request line among them. */
const HEADER_BYTES = 15_000

type App = Awaited<ReturnType<typeof openApp>>
type Edge = (app: App, text: string) => Request

const URL = "https://hooks.example.com"
const FORM = "application/x-www-form-urlencoded"

const post =
  (path: string, type: string): Edge =>
  ({ token }, body) =>
    new Request(URL + path, {
      method: "POST",
      headers: {
        authorization: `Bearer ${token}`,
        "content-type": type,
        "content-length": String(body.length),
      },
      body,
    })
const get =
  (path: (text: string) => string): Edge =>
  ({ token }, text) =>
    new Request(URL + path(text), { headers: { authorization: `Bearer ${token}` } })
const header =
  (name: string, path = "/api/v2/hooks", prefix = ""): Edge =>
  ({ token }, text) =>
    new Request(URL + path, {
      method: path === "/api/v2/hooks" || path.startsWith("/admin") ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, [name]: prefix + text },
    })

const EDGES: [name: string, bytes: number, shapes: Record<string, Shape>, edge: Edge][] = [
  ["a form at /oauth/token", FORM_BYTES, FORM_SHAPES, post("/oauth/token", FORM)],
  ["a form of the size that is read at /oauth/token", 16_000, FORM_SHAPES, post("/oauth/token", FORM)],
  ["JSON at /oauth/token", JSON_BYTES, JSON_SHAPES, post("/oauth/token", "application/json")],
  [
    "JSON of the size that is read at /oauth/token",
    16_000,
    JSON_SHAPES,
    post("/oauth/token", "application/json"),
  ],
  ["a form as a hook", JSON_BYTES, FORM_SHAPES, post("/api/v2/hooks", FORM)],
  ["JSON as a hook", JSON_BYTES, JSON_SHAPES, post("/api/v2/hooks", "application/json")],
  ["JSON as a client", JSON_BYTES, JSON_SHAPES, post("/v1/clients", "application/json")],
  [
    "JSON as an event",
    JSON_BYTES,
    JSON_SHAPES,
    post("/v1/triggers/send-phone-message/events", "application/json"),
  ],
  ["a query of the hooks", HEADER_BYTES, FORM_SHAPES, get((text) => `/api/v2/hooks?${text}`)],
  ["a query of the history", HEADER_BYTES, FORM_SHAPES, get((text) => `/v1/executions?${text}`)],
  ["a query of nothing", HEADER_BYTES, FORM_SHAPES, get((text) => `/nowhere?${text}`)],
  [
    "a cursor",
    HEADER_BYTES,
    PLAIN_SHAPES,
    get((text) => `/v1/executions?cursor=${encodeURIComponent(text)}`),
  ],
  ["a path", HEADER_BYTES, PLAIN_SHAPES, get((text) => `/${text.trim()}`)],
  ["an id in a path", HEADER_BYTES, PLAIN_SHAPES, get((text) => `/api/v2/hooks/${text.trim()}`)],
  ["a path of the queue board", HEADER_BYTES, PLAIN_SHAPES, get((text) => `/admin/queues/${text.trim()}`)],
  ["Authorization", HEADER_BYTES, PLAIN_SHAPES, header("authorization")],
  ["Basic", HEADER_BYTES, PLAIN_SHAPES, header("authorization", "/admin/queues", "Basic ")],
  ["Bearer", HEADER_BYTES, PLAIN_SHAPES, header("authorization", "/api/v2/hooks", "Bearer a.b.")],
  ["the header of a token", HEADER_BYTES, JSON_SHAPES, tokenWith((text) => text)],
  [
    "the key id of a token",
    HEADER_BYTES,
    PLAIN_SHAPES,
    tokenWith((kid) => JSON.stringify({ alg: "RS256", kid })),
  ],
  ["the algorithm of a token", HEADER_BYTES, PLAIN_SHAPES, tokenWith((alg) => JSON.stringify({ alg }))],
  ...[
    "content-type",
    "cookie",
    "prefer",
    "traceparent",
    "x-request-id",
    "content-encoding",
    "x-forwarded-for",
  ].map((name): (typeof EDGES)[number] => [
    name,
    HEADER_BYTES,
    PLAIN_SHAPES,
    header(name, "/v1/triggers/send-phone-message/events"),
  ]),
]

test.each(EDGES)("%s costs no more than its length", async (_, bytes, shapes, edge) => {
  const app = await openApp({ parts: { enabledHooks: { get: async () => undefined, all: async () => [] } } })
  const faults = []
  for (const [shape, textOf] of Object.entries(shapes)) {
    const text = textOf(bytes, seededRandom(SEED))
    const fault = await tooMuchOf(app, edge, text)
    if (fault) faults.push({ shape, ...fault })
  }
  expect(faults).toEqual([])
})

/** What of the answer to this text is too much: time, length, or a fault of ours. */
async function tooMuchOf(app: App, edge: Edge, text: string): Promise<object | undefined> {
  const budgetMs = FIXED_MS + (text.length * BUDGET_US_PER_BYTE) / 1_000
  let leastMs = Number.POSITIVE_INFINITY
  for (let tries = 0; tries < TRIES && leastMs > budgetMs; tries++) {
    const { ms, status, answered } = await answerTo(app, edge, text)
    if (status >= 500 || answered > MAX_ANSWER_BYTES) return { status, answered }
    leastMs = Math.min(leastMs, ms)
  }
  return leastMs > budgetMs ? { budgetMs, leastMs } : undefined
}

async function answerTo(app: App, edge: Edge, text: string) {
  const request = edge(app, text)
  const before = process.threadCpuUsage()
  const answer = await app.app.fetch(request)
  const { length: answered } = await answer.text()
  const { user, system } = process.threadCpuUsage(before)
  return { ms: (user + system) / 1_000, status: answer.status, answered }
}

function tokenWith(head: (text: string) => string): Edge {
  return (_, text) => {
    const token = `${Buffer.from(head(text).slice(0, 11_000)).toString("base64url")}.e30.c2ln`
    return new Request(`${URL}/api/v2/hooks`, { headers: { authorization: `Bearer ${token}` } })
  }
}
