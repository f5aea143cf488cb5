import { expect, test } from "vitest"
import { newHook, openApp, SCRIPT } from "./open-app.ts"

async function openAppWithHooks(count: number) {
  const opened = await openApp()
  const ids: string[] = []
  for (let index = 0; index < count; index++) {
    const hook = newHook({
      name: `hook-${index}`,
      enabled: index === 0,
      triggerId: index < 2 ? "pre-user-registration" : "post-user-registration",
    })
    ids.push((await opened.call("POST", "/api/v2/hooks", { body: hook })).json().id)
  }
  return { ...opened, ids }
}

test("without totals the list is an array of whole hooks in the order of their making", async () => {
  const { call, ids } = await openAppWithHooks(3)
  const listed = await call("GET", "/api/v2/hooks")
  expect(listed.status).toBe(200)
  expect(listed.json().map((hook: { id: string }) => hook.id)).toEqual(ids)
  expect(JSON.stringify(listed.json()[0])).toBe(
    `{"id":"${ids[0]}","name":"hook-0","script":"${SCRIPT}","dependencies":{},"enabled":true,` +
      `"triggerId":"pre-user-registration"}`,
  )
})

test("with totals and fields the answer is the recorded one", async () => {
  const { call, ids } = await openAppWithHooks(1)
  const listed = await call(
    "GET",
    "/api/v2/hooks?fields=id&include_fields=true&include_totals=true&per_page=50",
  )
  expect(listed.text).toBe(`{"total":1,"start":0,"limit":50,"hooks":[{"id":"${ids[0]}"}]}`)
})

test("a page holds 100 hooks unless it is told otherwise", async () => {
  const { call } = await openApp()
  const listed = await call("GET", "/api/v2/hooks?include_totals=true")
  expect(listed.text).toBe('{"total":0,"start":0,"limit":100,"hooks":[]}')
})

test.each([
  ["page=1&per_page=2", { total: 3, start: 2, limit: 2 }, 1],
  ["page=2&per_page=2", { total: 3, start: 4, limit: 2 }, 0],
  ["page=9007199254740991&per_page=100", { total: 3, limit: 100 }, 0],
  ["per_page=0", { total: 3, start: 0, limit: 0 }, 0],
])("?%s answers its part of the list", async (query, totals, length) => {
  const { call } = await openAppWithHooks(3)
  const listed = await call("GET", `/api/v2/hooks?include_totals=true&${query}`)
  expect(listed.status).toBe(200)
  expect(listed.json()).toMatchObject(totals)
  expect(listed.json().hooks).toHaveLength(length)
})

test.each([
  ["triggerId=post-user-registration", [2]],
  ["enabled=true", [0]],
  ["enabled=false", [1, 2]],
  ["enabled=false&triggerId=pre-user-registration", [1]],
  ["triggerId=send-phone-message", []],
])("?%s filters", async (query, expected) => {
  const { call, ids } = await openAppWithHooks(3)
  const listed = await call("GET", `/api/v2/hooks?${query}`)
  expect(listed.json().map((hook: { id: string }) => ids.indexOf(hook.id))).toEqual(expected)
})

test.each([
  ["fields=name,enabled", '{"name":"hook-0","enabled":true}'],
  [
    "fields=script,dependencies,id&include_fields=false",
    '{"name":"hook-0","enabled":true,"triggerId":"pre-user-registration"}',
  ],
])("?%s selects what is shown", async (query, expected) => {
  const { call } = await openAppWithHooks(1)
  expect((await call("GET", `/api/v2/hooks?${query}`)).text).toBe(`[${expected}]`)
})

test.each([
  ["page=-1", "'Value -1 is less than minimum 0' on property page (Page of the result, the first one is 0)."],
  [
    "page=x",
    "'Expected type integer but found type string' on property page (Page of the result, the first one is 0).",
  ],
  ["per_page=101", "'Value 101 is greater than maximum 100' on property per_page (Hooks per page)."],
  ["per_page=1.5", "'Expected type integer but found type number' on property per_page (Hooks per page)."],
  [
    "page=1&page=2",
    "'Expected type integer but found type array' on property page (Page of the result, the first one is 0).",
  ],
  [
    "enabled=1",
    "'Expected type boolean but found type string' on property enabled (Whether the hook runs at its trigger).",
  ],
  ["triggerId=nope", "'No enum match for: nope' on property triggerId (Trigger that the hook runs at)."],
  ["nope=1&other=2", "'Additional properties not allowed: nope,other'."],
])("?%s is refused", async (query, fault) => {
  const { call } = await openApp()
  const listed = await call("GET", `/api/v2/hooks?${query}`)
  expect(listed.status).toBe(400)
  expect(listed.text).toBe(
    JSON.stringify({
      statusCode: 400,
      error: "Bad Request",
      message: `Query validation error: ${fault}`,
      errorCode: "invalid_query_string",
    }),
  )
})

test("fields must be known and without blanks", async () => {
  const { call } = await openApp()
  const listed = await call("GET", "/api/v2/hooks?fields=id,%20name")
  expect(listed.json().message).toMatch(
    /^Query validation error: 'String does not match pattern \^\(id\|name\|.*\$: id, name' on property fields \(/,
  )
})
