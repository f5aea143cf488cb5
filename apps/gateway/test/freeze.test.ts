import { createHook } from "@hooklane/storage"
import { expect, test } from "vitest"
import { newHook, openApp, SCRIPT } from "./open-app.ts"

async function openFrozenApp() {
  const opened = await openApp({ settings: { readOnly: true } })
  const hook = await createHook(opened.storage, {
    name: "kept",
    script: SCRIPT,
    triggerId: "pre-user-registration",
  })
  return { ...opened, path: `/api/v2/hooks/${hook.id}` }
}

test("frozen hooks: none is made", async () => {
  const { call } = await openFrozenApp()
  const made = await call("POST", "/api/v2/hooks", { body: newHook() })
  expect(made.status).toBe(403)
  expect(made.text).toBe(
    '{"statusCode":403,"error":"Forbidden","message":"This endpoint is disabled for your tenant.",' +
      '"errorCode":"hooks_not_allowed"}',
  )
})

test("frozen hooks: no script changes", async () => {
  const { call, path } = await openFrozenApp()
  const patched = await call("PATCH", path, { body: { script: "changed", enabled: true } })
  expect(patched.status).toBe(403)
  expect(patched.text).toBe(
    '{"statusCode":403,"error":"Forbidden",' +
      '"message":"Insufficient privileges to use this deprecated feature.","errorCode":"hooks_not_allowed"}',
  )
  expect((await call("GET", path)).json()).toMatchObject({ script: SCRIPT, enabled: false })
})

test("frozen hooks: they switch, keep secrets and can be deleted", async () => {
  const { call, path } = await openFrozenApp()
  const statuses = [
    await call("PATCH", path, { body: { enabled: true } }),
    await call("PATCH", path, { body: { enabled: false, script: SCRIPT } }),
    await call("POST", `${path}/secrets`, { body: { KEY: "1" } }),
    await call("PATCH", `${path}/secrets`, { body: { KEY: "2" } }),
    await call("DELETE", `${path}/secrets`, { body: ["KEY"] }),
    await call("DELETE", path),
  ].map((answer) => answer.status)
  expect(statuses).toEqual([200, 200, 201, 201, 204, 204])
})
