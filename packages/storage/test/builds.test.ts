import { eq } from "drizzle-orm"
import { expect, test } from "vitest"
import {
  addSecrets,
  createHook,
  deleteHook,
  type FinishedBuild,
  findBundleOf,
  findEnabledSnapshots,
  findPendingBuild,
  finishBuild,
  getBundle,
  getVersion,
  listPendingBuilds,
  pruneBundles,
  restartBuild,
  type Storage,
  updateHook,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

const triggerId = "post-user-registration"
const dependencies = { ms: "^2.0.0" }

const BUILT = {
  status: "built" as const,
  log: "1 package\n",
  lock: { ms: { version: "2.1.3", integrity: "sha512-abc" } },
  lockHash: "lock1",
  specifiers: ["ms"],
  bundleId: "bundle1",
  code: 'module.exports = { "ms": () => 1 } // \u0000',
}
const FAILED: FinishedBuild = { status: "failed", log: "there is no such package\n" }

async function newHook(storage: Storage, changes: object = {}) {
  const { id } = await createHook(storage, {
    name: "one",
    script: "1",
    triggerId,
    enabled: true,
    dependencies,
    ...changes,
  })
  const number = async () => (await findEnabledSnapshots(storage, triggerId))[0]?.number
  /** Ends the build that the hook's current version waits for. */
  const finish = async (build: FinishedBuild = BUILT) => {
    const pending = await findPendingBuild(storage, id)
    await finishBuild(storage, pending?.versionId ?? "", build)
  }
  return { id, number, finish }
}

onEachDatabase((newStorage) => {
  test("a version with npm packages waits for its build, one without does not", async () => {
    const storage = await newStorage()
    const { id } = await newHook(storage)
    await createHook(storage, { name: "plain", script: 'require("crypto")', triggerId })
    const old = await createHook(storage, { name: "old", script: 'require("ms@2.1.3")', triggerId })
    const pending = await listPendingBuilds(storage)
    expect(pending).toMatchObject([
      { hookId: id, number: 1, script: "1", dependencies },
      { hookId: old.id, dependencies: {} },
    ])
    expect(await findPendingBuild(storage, id)).toEqual(pending[0])
  })

  test("a finished build is kept with its version, and its bundle by itself", async () => {
    const storage = await newStorage()
    const { id, finish } = await newHook(storage)
    await finish()
    const { status, log, code, ...made } = BUILT
    expect(await getVersion(storage, id, 1)).toMatchObject({ buildStatus: status, buildLog: log, ...made })
    expect(await getBundle(storage, "bundle1")).toBe(code)
    expect(await findPendingBuild(storage, id)).toBeUndefined()
    expect(await findBundleOf(storage, "lock1")).toBe("bundle1")
    expect(await findBundleOf(storage, "lock2")).toBeUndefined()
  })

  test("the second of two builds of one version changes nothing", async () => {
    const storage = await newStorage()
    const { id } = await newHook(storage)
    const { versionId = "" } = (await findPendingBuild(storage, id)) ?? {}
    await finishBuild(storage, versionId, BUILT)
    await finishBuild(storage, versionId, { ...BUILT, log: "later" })
    await finishBuild(storage, versionId, FAILED)
    expect(await getVersion(storage, id, 1)).toMatchObject({ buildStatus: "built", buildLog: "1 package\n" })
  })

  test("a build whose hook was deleted meanwhile is dropped, and so is its bundle", async () => {
    const storage = await newStorage()
    const { id } = await newHook(storage)
    const { versionId = "" } = (await findPendingBuild(storage, id)) ?? {}
    await deleteHook(storage, id)
    await finishBuild(storage, versionId, BUILT)
    await pruneBundles(storage)
    await expect(getBundle(storage, "bundle1")).rejects.toMatchObject({ code: "internal_error" })
  })

  test("a bundle stays for as long as a version uses it", async () => {
    const storage = await newStorage()
    const first = await newHook(storage)
    await first.finish()
    const second = await newHook(storage, { name: "two", enabled: false })
    const { code: _, ...known } = BUILT
    await second.finish(known)
    await deleteHook(storage, first.id)
    await pruneBundles(storage)
    expect(await findBundleOf(storage, "lock1")).toBe("bundle1")
    expect(await getBundle(storage, "bundle1")).toContain("ms")
  })

  test("the next version takes the build over when it asks for nothing more", async () => {
    const storage = await newStorage()
    const { id, finish } = await newHook(storage, { script: 'require("ms@2.1.3"), require("ms/x")' })
    await finish({ ...BUILT, specifiers: ["ms", "ms@2.1.3", "ms/x"] })
    await updateHook(storage, id, { script: 'require("ms/x"), 2' })
    await addSecrets(storage, id, { KEY: "value" })
    expect(await getVersion(storage, id, 3)).toMatchObject({ buildStatus: "built", bundleId: "bundle1" })
  })

  test.each([
    ["other dependencies", { dependencies: { ms: "2.0.0" } }],
    ["a further package by version", { script: 'require("lodash@4.17.21")' }],
    ["something below a package", { script: 'require("ms/other")' }],
  ])("the next version waits for a build of its own when it has %s", async (_, patch) => {
    const storage = await newStorage()
    const { id, finish } = await newHook(storage)
    await finish()
    await updateHook(storage, id, patch)
    expect(await getVersion(storage, id, 2)).toMatchObject({ buildStatus: "pending", bundleId: null })
  })

  test("a version that gives its packages up needs no build", async () => {
    const storage = await newStorage()
    const { id, finish } = await newHook(storage)
    await finish()
    await updateHook(storage, id, { dependencies: {} })
    expect(await getVersion(storage, id, 2)).toMatchObject({ buildStatus: "none", bundleId: null })
  })

  test("while a version is built the last one that can run goes on serving", async () => {
    const storage = await newStorage()
    const { id, number, finish } = await newHook(storage, { dependencies: {} })
    await updateHook(storage, id, { dependencies })
    expect(await number()).toBe(1)
    await updateHook(storage, id, { dependencies: { ms: "2.1.3" } })
    expect(await number()).toBe(1)
    await finish()
    expect((await findEnabledSnapshots(storage, triggerId))[0]).toMatchObject({
      number: 3,
      bundleId: "bundle1",
    })
  })

  test("a hook whose only version is being built is not ready, and one whose build failed cannot run", async () => {
    const storage = await newStorage()
    const { id, finish } = await newHook(storage)
    expect((await findEnabledSnapshots(storage, triggerId))[0]).toMatchObject({
      number: 1,
      unbuilt: "pending",
    })
    await finish()
    expect((await findEnabledSnapshots(storage, triggerId))[0]).not.toHaveProperty("unbuilt")
    await updateHook(storage, id, { dependencies: { ms: "9" } })
    await finish(FAILED)
    expect((await findEnabledSnapshots(storage, triggerId))[0]).toMatchObject({
      number: 2,
      unbuilt: "failed",
    })
  })

  test("a failed build can be tried again, no other can", async () => {
    const storage = await newStorage()
    const { id, finish } = await newHook(storage)
    await expect(restartBuild(storage, id, 1)).rejects.toMatchObject({ code: "conflict" })
    await finish(FAILED)
    expect(await getVersion(storage, id, 1)).toMatchObject({ buildStatus: "failed", buildLog: FAILED.log })
    expect(await restartBuild(storage, id, 1)).toEqual(await findPendingBuild(storage, id))
    await finish()
    await expect(restartBuild(storage, id, 1)).rejects.toMatchObject({ code: "conflict" })
    await expect(restartBuild(storage, id, 2)).rejects.toMatchObject({ code: "version_not_found" })
    await expect(restartBuild(storage, "nobody", 1)).rejects.toMatchObject({ code: "HookDoesNotExist" })
  })

  test("a version cannot name a bundle that is not there", async () => {
    const storage = await newStorage()
    const { id } = await newHook(storage)
    const { versionId = "" } = (await findPendingBuild(storage, id)) ?? {}
    const { code: _, ...known } = BUILT
    await expect(finishBuild(storage, versionId, known)).rejects.toThrow()
    const { hookVersions } = storage.tables
    const rows = await storage.db.select().from(hookVersions).where(eq(hookVersions.id, versionId))
    expect(rows).toMatchObject([{ buildStatus: "pending" }])
  })
})
