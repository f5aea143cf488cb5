import { findPendingBuild, finishBuild } from "@hooklane/storage"
import { expect, test } from "vitest"
import { newHook, openApp, SCRIPT } from "./open-app.ts"

async function openAppWithVersions() {
  const opened = await openApp()
  const { id } = (await opened.call("POST", "/api/v2/hooks", { body: newHook() })).json()
  await opened.call("POST", `/api/v2/hooks/${id}/secrets`, { body: { KEY: "value" } })
  await opened.call("PATCH", `/api/v2/hooks/${id}`, { body: { name: "renamed", script: "second" } })
  await opened.call("PATCH", `/api/v2/hooks/${id}`, { body: { enabled: true } })
  return { ...opened, id: String(id), path: `/v1/hooks/${id}/versions` }
}

test("every save of a hook's content is a version, the newest first", async () => {
  const { call, path, id } = await openAppWithVersions()
  const listed = await call("GET", path)
  expect(listed.status).toBe(200)
  expect(listed.json()).toMatchObject({
    total: 3,
    start: 0,
    limit: 50,
    versions: [
      { number: 3, name: "renamed", hookId: id, secrets: { KEY: "_VALUE_NOT_SHOWN_" } },
      { number: 2, name: "my-hook" },
      { number: 1, name: "my-hook", secrets: {} },
    ],
  })
})

test("versions come in pages, and a page past the end is empty", async () => {
  const { call, path } = await openAppWithVersions()
  const second = (await call("GET", `${path}?page=1&per_page=2`)).json()
  expect(second).toMatchObject({ total: 3, start: 2, limit: 2, versions: [{ number: 1 }] })
  expect((await call("GET", `${path}?page=2&per_page=2`)).json().versions).toEqual([])
})

test("a version shows its script and masks its secrets", async () => {
  const { call, path } = await openAppWithVersions()
  expect((await call("GET", `${path}/2`)).json()).toMatchObject({
    number: 2,
    script: SCRIPT,
    secrets: { KEY: "_VALUE_NOT_SHOWN_" },
  })
  expect((await call("GET", `${path}/3`)).json().script).toBe("second")
})

test.each([
  ["/v1/hooks/unknown/versions", 404, "HookDoesNotExist"],
  ["/v1/hooks/unknown/versions/1", 404, "HookDoesNotExist"],
  ["/v1/hooks/unknown/versions/0", 400, "invalid_uri"],
  ["/v1/hooks/unknown/versions/last", 400, "invalid_uri"],
  ["/v1/hooks/unknown/versions?per_page=0", 400, "invalid_query_string"],
  ["/v1/hooks/unknown/versions?all=1", 400, "invalid_query_string"],
])("GET %s is answered with %i %s", async (path, status, errorCode) => {
  const { call } = await openApp()
  const answer = await call("GET", path)
  expect(answer.status).toBe(status)
  expect(answer.json().errorCode).toBe(errorCode)
})

test("a version that there is not is not found", async () => {
  const { call, path } = await openAppWithVersions()
  const answer = await call("GET", `${path}/4`)
  expect(answer.status).toBe(404)
  expect(answer.json().errorCode).toBe("version_not_found")
})

async function openAppWithFailedBuild() {
  const opened = await openApp()
  const body = newHook({ dependencies: { nobody: "1.0.0" } })
  const { id } = (await opened.call("POST", "/api/v2/hooks", { body })).json()
  const pending = await findPendingBuild(opened.storage, id)
  await finishBuild(opened.storage, pending?.versionId ?? "", { status: "failed", log: "no such package" })
  return { ...opened, path: `/v1/hooks/${id}/versions`, versionId: pending?.versionId ?? "" }
}

test("a version shows how its npm packages were built, and what they were resolved to", async () => {
  const { call, path, storage, versionId } = await openAppWithFailedBuild()
  expect((await call("GET", `${path}/1`)).json()).toMatchObject({
    buildStatus: "failed",
    buildLog: "no such package",
    resolved: {},
    lockHash: null,
    bundleId: null,
  })
  await call("POST", `${path}/1/build`)
  await finishBuild(storage, versionId, {
    status: "built",
    log: "done",
    lock: { ms: { version: "2.1.3", integrity: "sha512-abc" } },
    lockHash: "lock1",
    specifiers: ["ms"],
    bundleId: "bundle1",
    code: "",
  })
  expect((await call("GET", `${path}/1`)).json()).toMatchObject({
    buildStatus: "built",
    buildLog: "done",
    resolved: { ms: "2.1.3" },
    lockHash: "lock1",
    bundleId: "bundle1",
  })
  const [listed] = (await call("GET", path)).json().versions
  expect(listed).toMatchObject({ buildStatus: "built", bundleId: "bundle1" })
  expect(listed).not.toHaveProperty("buildLog")
})

test("a failed build is tried again on request, no other is", async () => {
  const { call, path } = await openAppWithFailedBuild()
  const retried = await call("POST", `${path}/1/build`)
  expect(retried.status).toBe(200)
  expect(retried.json()).toMatchObject({ number: 1, buildStatus: "pending", buildLog: "" })
  const again = await call("POST", `${path}/1/build`)
  expect(again.status).toBe(409)
  expect(again.json().errorCode).toBe("conflict")
})

test("trying a build again takes the right to change hooks", async () => {
  const { call } = await openApp({ scopes: ["read:hooks"] })
  expect((await call("POST", "/v1/hooks/x/versions/1/build")).status).toBe(403)
})
