import { randomBytes } from "node:crypto"
import { existsSync } from "node:fs"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest"
import { type BundlerOptions, openBundler } from "../src/index.ts"
import { inputOf, load, processesIn, temporaryFolder, workFolders } from "./harness.ts"
import { type PublishedPackage, type Registry, startRegistry } from "./registry.ts"

const marker = join(import.meta.dirname, `ran-${process.pid}`)
const touch = `node -e "fs.writeFileSync(${JSON.stringify(marker)}, '')"`

const PACKAGES: PublishedPackage[] = [
  { name: "answer", version: "1.0.0", files: { "index.js": "module.exports = 41" } },
  {
    name: "answer",
    version: "1.1.0",
    files: { "index.js": 'module.exports = require("number")', "half.js": "module.exports = 21" },
    manifest: { dependencies: { number: "^2.0.0" } },
  },
  { name: "number", version: "2.0.7", files: { "index.js": "module.exports = 42" } },
  {
    name: "scripted",
    version: "1.0.0",
    files: { "index.js": "module.exports = 'installed'" },
    manifest: { scripts: { preinstall: touch, install: touch, postinstall: touch, prepare: touch } },
  },
  { name: "large", version: "1.0.0", files: { "index.js": "", "data.bin": randomBytes(10_000_000) } },
  {
    name: "wordy",
    version: "1.0.0",
    files: { "index.js": `module.exports = ${JSON.stringify("x".repeat(50_000))}` },
  },
  {
    name: "from-git",
    version: "1.0.0",
    manifest: { dependencies: { other: "git+https://localhost/a.git" } },
  },
  { name: "from-url", version: "1.0.0", manifest: { dependencies: { other: "https://localhost/a.tgz" } } },
  { name: "from-file", version: "1.0.0", manifest: { dependencies: { other: "file:/etc" } } },
  { name: "with-binary", version: "1.0.0", files: { "index.js": 'require("./a.node")', "a.node": "ELF" } },
]

let registry: Registry

beforeAll(async () => {
  registry = await startRegistry(PACKAGES)
})
afterAll(() => registry.close())

function requiring(dependencies: Record<string, string>): string {
  return Object.keys(dependencies)
    .map((name) => `require("${name}")`)
    .join("\n")
}

async function open(options: Partial<BundlerOptions> = {}) {
  const dir = await temporaryFolder()
  const bundler = await openBundler({ dir, registry: registry.url, ...options })
  const build = (
    dependencies: Record<string, string>,
    {
      script = requiring(dependencies),
      findBundle = async (_: string): Promise<string | undefined> => undefined,
    } = {},
  ) => bundler.build({ ...inputOf(dependencies, script), findBundle }, new AbortController().signal)
  return { dir, bundler, build }
}

describe("a build", () => {
  test("resolves a range and what its package needs, and bundles both", async () => {
    const { dir, build } = await open()
    const built = await build({ answer: "^1.0.0" })
    expect(built).toMatchObject({
      status: "built",
      lock: { answer: { version: "1.1.0" }, number: { version: "2.0.7" } },
      specifiers: ["answer"],
      log: expect.stringContaining("2 packages"),
    })
    expect(load("code" in built ? built.code : "")["answer"]?.()).toBe(42)
    expect(await workFolders(dir)).toEqual([])
  })

  test("gives the same bundle for the same lock, in another place and from an exact version too", async () => {
    const first = await open()
    const second = await open()
    const [one, two] = await Promise.all([
      first.build({ answer: "^1.0.0" }),
      second.build({ answer: "1.1.0" }),
    ])
    expect(one.status).toBe("built")
    expect(two).toEqual({ ...one, log: expect.any(String) })
  })

  test("stops at the lock when a bundle was made of it before", async () => {
    const { build } = await open()
    const first = await build({ number: "2.0.7" })
    const asked: string[] = []
    const findBundle = async (lockHash: string) => {
      asked.push(lockHash)
      return "known"
    }
    const second = await build({ number: "2.0.7" }, { findBundle })
    expect(second).toMatchObject({ status: "built", bundleId: "known" })
    expect(second).not.toHaveProperty("code")
    expect(asked).toEqual(["lockHash" in first && first.lockHash])
  })

  test("offers what the script requires with a version, beside another version of the same name", async () => {
    const { build } = await open()
    const script = 'require("answer@1.0.0"); require("answer/half"); require("number@2.0.7"); return 0'
    const built = await build({ answer: "1.1.0" }, { script })
    const loaders = load("code" in built ? built.code : "")
    const values = Object.entries(loaders).map(([specifier, loader]) => [specifier, loader()])
    expect(Object.fromEntries(values)).toEqual({
      "answer@1.0.0": 41,
      "answer/half": 21,
      "number@2.0.7": 42,
    })
  })

  test("leaves out what is declared and not required, but says when it cannot be had", async () => {
    const { build } = await open()
    const built = await build({ answer: "1.1.0", wordy: "1" }, { script: 'require("answer/half")' })
    expect(built).toMatchObject({ specifiers: ["answer/half"], lock: { wordy: { version: "1.0.0" } } })
    expect("code" in built && built.code).not.toMatch(/xxx|module\.exports = require_number/)
    expect(await build({ nobody: "1" }, { script: "" })).toMatchObject({ status: "failed" })
  })

  test("offers all that is declared to a script that computes what it requires", async () => {
    const { build } = await open()
    const script = 'module.exports = (name) => [require(name), require("answer/" + name)]'
    const built = await build({ answer: "1.1.0", number: "*" }, { script })
    const loaders = load("code" in built ? built.code : "")
    expect(["answer", "number", "answer/half", "answer/half.js"].map((name) => loaders[name]?.())).toEqual([
      42, 42, 21, 21,
    ])
  })

  test("is none when only a comment asks for packages", async () => {
    const { build } = await open()
    expect(await build({}, { script: '// require("nobody@9.9.9")' })).toEqual({ status: "none", log: "" })
  })

  test("does not mind a script that is no JavaScript", async () => {
    const { build } = await open()
    const built = await build({ number: "*" }, { script: '} require("nobody@9.9.9") {' })
    expect(built).toMatchObject({ status: "built", specifiers: ["number"] })
  })

  test("runs no script of a package", async () => {
    const { build } = await open()
    expect((await build({ scripted: "1.0.0" })).status).toBe("built")
    expect(existsSync(marker)).toBe(false)
  })
})

describe("a build fails, and its log says so,", () => {
  test.each([
    ["when there is no such package", { nobody: "1.0.0" }, "nobody"],
    ["when there is no such version", { answer: "7" }, "answer@7"],
    ["for native code", { "with-binary": "1" }, "is native code, which hooks cannot run"],
    ["for a package from git", { "from-git": "1" }, 'type "git"'],
    ["for a package from an address", { "from-url": "1" }, 'type "remote"'],
    ["for a package from this machine", { "from-file": "1" }, 'type "directory"'],
  ])("%s", async (_, dependencies, complaint) => {
    const { dir, build } = await open()
    const failed = await build(dependencies)
    expect(failed).toEqual({ status: "failed", log: expect.stringContaining(complaint) })
    expect(failed.log).not.toContain(dir)
  })

  test("when the packages are too large, which is noticed while they are installed", async () => {
    const { dir, build } = await open({ maxInstallBytes: 1_000_000 })
    const failed = await build({ large: "1.0.0" })
    expect(failed).toMatchObject({ status: "failed", log: expect.stringContaining("1000000 bytes") })
    expect(await workFolders(dir)).toEqual([])
  })

  test("when the bundle is too large", async () => {
    const { build } = await open({ maxBundleBytes: 40_000 })
    const failed = await build({ wordy: "1.0.0" })
    expect(failed).toMatchObject({ status: "failed", log: expect.stringMatching(/bundle has \d+ bytes/) })
  })

  test("when there are too many packages", async () => {
    const { build } = await open({ maxPackages: 1 })
    expect(await build({ answer: "1.1.0" })).toMatchObject({
      status: "failed",
      log: expect.stringContaining("2"),
    })
  })

  test("at its time limit, and leaves neither a process nor a file", async () => {
    const { dir, build } = await open({ timeoutMs: 1_500 })
    const startedAt = performance.now()
    const failed = await build({ hangs: "1.0.0" })
    expect(failed).toMatchObject({ status: "failed", log: expect.stringContaining("longer than 1500 ms") })
    expect(performance.now() - startedAt).toBeLessThan(5_000)
    expect(await workFolders(dir)).toEqual([])
    await vi.waitFor(async () => expect(await processesIn(dir)).toEqual([]), 10_000)
  })
})

test("a build that nobody wants any more ends at once", async () => {
  const { dir, bundler } = await open()
  const controller = new AbortController()
  const building = bundler.build(inputOf({ hangs: "1.0.0" }), controller.signal)
  const before = registry.requests.length
  await vi.waitFor(() => expect(registry.requests.slice(before)).toContain("hangs"), 10_000)
  controller.abort(new Error("closing"))
  await expect(building).rejects.toThrow("closing")
  expect(await workFolders(dir)).toEqual([])
  await vi.waitFor(async () => expect(await processesIn(dir)).toEqual([]), 10_000)
})
