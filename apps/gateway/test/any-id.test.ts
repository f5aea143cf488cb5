import { describe, expect, test } from "vitest"
import { PLAIN_SHAPES, seededRandom } from "./adversarial-text.ts"
import { openApp } from "./open-app.ts"

const SEED = 20_261_129

/** Ids that cannot be, by what is wrong with them; some only look like ours. */
const IDS: Record<string, string> = {
  "of letters that no id has": `exe_${"U".repeat(26)}`,
  "of a time that is not representable": `exe_${"Z".repeat(26)}`,
  "in lower case": `exe_${"a".repeat(26)}`,
  "that is too short": "exe_",
  "that is too long": `exe_${"0".repeat(2_000)}`,
  "with a zero byte": "exe_%00",
  "with a line break": "a%0Ab",
  "that is not UTF-8": "%ff%fe",
  "that is half an escape": "%",
  "of halves of surrogate pairs": "%ed%a0%80",
  "of four-byte characters": "%F0%9F%98%80",
  "that walks up": "..%2f..%2fetc",
  "of a number": "99999999999999999999",
  "of a negative number": "-1",
  "of a prototype": "__proto__",
  "of a builtin": "constructor",
  "of SQL": "'%20or%201=1--",
  ...Object.fromEntries(
    Object.entries(PLAIN_SHAPES).map(([shape, textOf]) => [
      `made of ${shape}`,
      encodeURIComponent(textOf(300, seededRandom(SEED))),
    ]),
  ),
}

const ROUTES: [method: string, path: (id: string) => string, body?: unknown][] = [
  ["GET", (id) => `/api/v2/hooks/${id}`],
  ["PATCH", (id) => `/api/v2/hooks/${id}`, { enabled: false }],
  ["DELETE", (id) => `/api/v2/hooks/${id}`],
  ["GET", (id) => `/api/v2/hooks/${id}/secrets`],
  ["POST", (id) => `/api/v2/hooks/${id}/secrets`, { A: "1" }],
  ["PATCH", (id) => `/api/v2/hooks/${id}/secrets`, { A: "1" }],
  ["DELETE", (id) => `/api/v2/hooks/${id}/secrets`, ["A"]],
  ["GET", (id) => `/v1/hooks/${id}/versions`],
  ["GET", (id) => `/v1/hooks/${id}/versions/1`],
  ["GET", (id) => `/v1/hooks/01GQN0P33H3AFJHRWS4KDSRHJK/versions/${id}`],
  ["POST", (id) => `/v1/hooks/${id}/versions/1/build`],
  ["GET", (id) => `/v1/hooks/${id}/circuit`],
  ["GET", (id) => `/v1/executions/${id}`],
  ["POST", (id) => `/v1/executions/${id}/replay`],
  ["POST", (id) => `/v1/executions/${id}/cancel`],
  ["POST", (id) => `/v1/triggers/${id}/events`, {}],
  ["GET", (id) => `/v1/queues/${id}`],
  ["POST", (id) => `/v1/queues/${id}/pause`],
  ["POST", (id) => `/v1/queues/${id}/resume`],
  ["POST", (id) => `/v1/queues/${id}/drain`],
  ["POST", (id) => `/v1/clients/${id}/rotate-secret`],
  ["DELETE", (id) => `/v1/clients/${id}`],
  ["GET", (id) => `/v1/executions?hook=${id}`],
  ["GET", (id) => `/v1/executions?trigger=${id}`],
  ["GET", (id) => `/v1/executions?cursor=${id}`],
  ["GET", (id) => `/v1/executions?cursor=${Buffer.from(`999999999999999.${id}`).toString("base64url")}`],
  ["GET", (id) => `/v1/executions?cursor=${Buffer.from(`1.${id}`).toString("base64url")}`],
  ["GET", (id) => `/v1/executions?limit=${id}`],
  ["GET", (id) => `/v1/executions?from=${id}`],
  ["GET", (id) => `/api/v2/hooks?page=${id}`],
  ["GET", (id) => `/api/v2/hooks?triggerId=${id}`],
]

describe("an id that cannot be is the caller's fault, at", () => {
  test.each(
    ROUTES.map(([method, path, body]) => ({ name: `${method} ${path("{id}")}`, method, path, body })),
  )("$name", async ({ method, path, body }) => {
    const { call } = await openApp()
    const answers: string[] = []
    for (const [what, id] of Object.entries(IDS)) {
      const { status } = await call(method, path(id), { body })
      // A filter by an id that could be finds nothing, and that is an answer.
      const isAnswered = path("").includes("?") && /^[\w-]{1,64}$/.test(id)
      if (status !== 400 && status !== 404 && !(isAnswered && status === 200))
        answers.push(`an id ${what} (${id}): ${status}`)
    }
    expect(answers).toEqual([])
  })
})

test.each([
  "/api/v2/hooks?page=9007199254740991",
  "/v1/hooks/01GQN0P33H3AFJHRWS4KDSRHJK/versions?page=9007199254740991",
  "/v1/hooks/01GQN0P33H3AFJHRWS4KDSRHJK/versions/9007199254740991",
  "/v1/hooks/01GQN0P33H3AFJHRWS4KDSRHJK/versions/4294967296",
])("%s is no fault of ours", async (path) => {
  const { call } = await openApp()
  expect((await call("GET", path)).status).toBeLessThan(500)
})
