import type { BuildInput, BuildResult } from "@hooklane/bundler"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { createHook, deleteHook, getVersion, openStorage, type Storage, updateHook } from "@hooklane/storage"
import { pino } from "pino"
import { expect, onTestFinished, test, vi } from "vitest"
import { type PackageBuildsDeps, startPackageBuilds } from "../src/package-builds.ts"

const BUILT: BuildResult = {
  status: "built",
  log: "built\n",
  lock: { ms: { version: "2.1.3", integrity: "sha512-abc" } },
  lockHash: "lock1",
  specifiers: ["ms"],
  bundleId: "bundle1",
  code: "module.exports = {}",
}
const FAILED: BuildResult = { status: "failed", log: "no such package\n" }

/** A bundler whose builds end when, and as, the test says. */
function handMadeBundler() {
  const asked: (BuildInput & { end: (result: BuildResult) => void; crash: () => void })[] = []
  const build = (input: BuildInput, signal: AbortSignal) => {
    const { promise, resolve, reject } = Promise.withResolvers<BuildResult>()
    asked.push({ ...input, end: resolve, crash: () => reject(new Error("crashed")) })
    signal.addEventListener("abort", () => reject(signal.reason))
    return promise
  }
  return { asked, build }
}

async function start(options: Partial<PackageBuildsDeps> & { storage?: Storage } = {}) {
  const storage = options.storage ?? (await newStorage())
  const bundler = handMadeBundler()
  const changed: string[] = []
  const builds = await startPackageBuilds({
    storage,
    bundler,
    atOnce: 1,
    waitMs: 20_000,
    versionChanged: async (versionId) => void changed.push(versionId),
    log: pino({ level: "silent" }),
    ...options,
  })
  onTestFinished(() => builds.close())
  const version = (id: string, number = 1) => getVersion(storage, id, number)
  return { storage, builds, asked: bundler.asked, changed, version }
}

async function newStorage() {
  const storage = await openStorage({
    databaseUrl: ":memory:",
    keyRing: createKeyRing(generateMasterKey()),
  })
  onTestFinished(() => storage.close())
  return storage
}

function newHook(storage: Storage, name = "one") {
  return createHook(storage, {
    name,
    script: 'require("ms")',
    triggerId: "post-user-registration",
    dependencies: { ms: "2" },
  })
}

test("a saved hook is built, and made known before the wait for it ends", async () => {
  const { storage, builds, asked, changed, version } = await start()
  const { id } = await newHook(storage)
  const settled = builds.settle(id)
  await vi.waitFor(() =>
    expect(asked).toMatchObject([{ dependencies: { ms: "2" }, script: 'require("ms")' }]),
  )
  asked[0]?.end(BUILT)
  await settled
  const { id: versionId, buildStatus, bundleId } = await version(id)
  expect({ buildStatus, bundleId, changed }).toEqual({
    buildStatus: "built",
    bundleId: "bundle1",
    changed: [versionId],
  })
})

test("a hook without npm packages is not waited for", async () => {
  const { storage, builds, asked } = await start()
  const { id } = await createHook(storage, { name: "plain", script: "1", triggerId: "send-phone-message" })
  await builds.settle(id)
  expect(asked).toEqual([])
})

test("a wait that is too long ends, and the build goes on", async () => {
  const { storage, builds, asked, version } = await start({ waitMs: 10 })
  const { id } = await newHook(storage)
  await builds.settle(id)
  expect((await version(id)).buildStatus).toBe("pending")
  asked[0]?.end(BUILT)
  await expect.poll(async () => (await version(id)).buildStatus).toBe("built")
})

test("builds take turns, and a version is built once however many wait for it", async () => {
  const { storage, builds, asked } = await start()
  const [one, two] = [await newHook(storage, "one"), await newHook(storage, "two")]
  const settled = [one, one, two].map(({ id }) => builds.settle(id))
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  asked[0]?.end(BUILT)
  await vi.waitFor(() => expect(asked).toHaveLength(2), 5_000)
  expect(await asked[1]?.findBundle("lock1")).toBe("bundle1")
  asked[1]?.end(BUILT)
  await Promise.all(settled)
  expect(asked).toHaveLength(2)
})

test("a failed build is kept with its log, and tried again on request", async () => {
  const { storage, builds, asked, changed, version } = await start()
  const { id } = await newHook(storage)
  const settled = builds.settle(id)
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  asked[0]?.end(FAILED)
  await settled
  expect(await version(id)).toMatchObject({ buildStatus: "failed", buildLog: "no such package\n" })
  const retried = builds.retry(id, 1)
  await vi.waitFor(() => expect(asked).toHaveLength(2), 5_000)
  expect((await version(id)).buildStatus).toBe("pending")
  asked[1]?.end(BUILT)
  await retried
  expect((await version(id)).buildStatus).toBe("built")
  expect(changed).toHaveLength(3)
  await expect(builds.retry(id, 1)).rejects.toMatchObject({ code: "conflict" })
})

test("a build that cannot be stored, because its bundle was removed meanwhile, can be tried again", async () => {
  const { storage, builds, asked, version } = await start()
  const { id } = await newHook(storage)
  const settled = builds.settle(id)
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  const { code: _, ...known } = { code: "", ...BUILT }
  asked[0]?.end(known)
  await settled
  expect((await version(id)).buildStatus).toBe("failed")
  const retried = builds.retry(id, 1)
  await vi.waitFor(() => expect(asked).toHaveLength(2), 5_000)
  asked[1]?.end(BUILT)
  await retried
  expect((await version(id)).buildStatus).toBe("built")
})

test("a build that fails for a reason of ours says so, and the next one is built", async () => {
  const { storage, builds, asked, version } = await start()
  const [one, two] = [await newHook(storage, "one"), await newHook(storage, "two")]
  const settled = [one, two].map(({ id }) => builds.settle(id))
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  asked[0]?.crash()
  await vi.waitFor(() => expect(asked).toHaveLength(2), 5_000)
  asked[1]?.end(BUILT)
  await Promise.all(settled)
  expect(await version(one.id)).toMatchObject({
    buildStatus: "failed",
    buildLog: expect.stringContaining("service"),
  })
  expect((await version(two.id)).buildStatus).toBe("built")
})

test("what is unbuilt when a gateway closes is built by the next one", async () => {
  const first = await start()
  const { id } = await newHook(first.storage)
  const settled = first.builds.settle(id)
  await vi.waitFor(() => expect(first.asked).toHaveLength(1))
  await first.builds.close()
  await settled
  expect((await first.version(id)).buildStatus).toBe("pending")
  const second = await start({ storage: first.storage })
  await vi.waitFor(() => expect(second.asked).toHaveLength(1))
  second.asked[0]?.end(BUILT)
  await expect.poll(async () => (await second.version(id)).buildStatus).toBe("built")
})

test("a hook that is changed, or deleted, while it is built harms nothing", async () => {
  const { storage, builds, asked, version } = await start()
  const { id } = await newHook(storage)
  const gone = await newHook(storage, "gone")
  const settled = [builds.settle(id)]
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  settled.push(builds.settle(gone.id))
  await updateHook(storage, id, { dependencies: {} })
  await deleteHook(storage, gone.id)
  asked[0]?.end(BUILT)
  await Promise.all(settled)
  expect(asked).toHaveLength(1)
  expect((await version(id)).buildStatus).toBe("built")
  expect((await version(id, 2)).buildStatus).toBe("none")
})

test("five quick saves of a hook that asks for the same packages cost one build", async () => {
  const { storage, builds, asked, changed, version } = await start()
  const { id } = await newHook(storage)
  const settled = [builds.settle(id)]
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  for (const number of [2, 3, 4, 5]) {
    await updateHook(storage, id, { script: `require("ms") // ${number}` })
    settled.push(builds.settle(id))
  }
  asked[0]?.end(BUILT)
  await Promise.all(settled)
  expect(asked).toHaveLength(1)
  for (const number of [1, 2, 3, 4, 5])
    expect(await version(id, number)).toMatchObject({ buildStatus: "built", bundleId: "bundle1" })
  expect(new Set(changed).size).toBe(5)
})

test("a version that was replaced before its turn came is not built, unless its hook is enabled", async () => {
  const { storage, builds, asked, version } = await start()
  const [first, off, on] = [
    await newHook(storage, "first"),
    await newHook(storage, "off"),
    await newHook(storage, "on"),
  ]
  await updateHook(storage, on.id, { enabled: true })
  const settled = [builds.settle(first.id)]
  await vi.waitFor(() => expect(asked).toHaveLength(1), 5_000)
  for (const { id } of [off, on]) {
    settled.push(builds.settle(id))
    await vi.waitFor(async () => expect((await version(id)).buildStatus).toBe("pending"))
    await updateHook(storage, id, { dependencies: { ms: "1" } })
    settled.push(builds.settle(id))
  }
  for (let next = 0; next < 4; next++) {
    await vi.waitFor(() => expect(asked.length).toBeGreaterThan(next), 5_000)
    asked[next]?.end(next === 0 ? BUILT : FAILED)
  }
  await Promise.all(settled)
  expect(asked.map(({ dependencies }) => dependencies)).toEqual([
    { ms: "2" },
    { ms: "1" },
    { ms: "2" },
    { ms: "1" },
  ])
  expect(await version(off.id)).toMatchObject({
    buildStatus: "failed",
    buildLog: expect.stringMatching(/^Replaced/),
  })
})
