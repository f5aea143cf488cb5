import { existsSync } from "node:fs"
import { readdir, readFile, readlink } from "node:fs/promises"
import { expect, onTestFinished, test, vi } from "vitest"
import { type BuildResult, type BundlerOptions, openBundler } from "../src/index.ts"
import { inputOf, temporaryFolder } from "./harness.ts"
import { type Registry, startRegistry } from "./registry.ts"

const TOKEN = "npm_s3cr3tT0ken"
const PACKAGES = [{ name: "answer", version: "1.0.0", files: { "index.js": "module.exports = 42" } }]

async function open(authorization: string) {
  const registry = await startRegistry(PACKAGES, authorization)
  onTestFinished(registry.close)
  return registry
}

async function build(
  { url }: Registry,
  options: Partial<BundlerOptions>,
  dependencies: Record<string, string> = { answer: "1.0.0" },
): Promise<BuildResult & { dir: string }> {
  const dir = await temporaryFolder()
  const bundler = await openBundler({ dir, registry: url, ...options })
  return { dir, ...(await bundler.build(inputOf(dependencies), new AbortController().signal)) }
}

test("a registry that asks for a token gives packages to those who have it, and to nobody else", async () => {
  const registry = await open(`Bearer ${TOKEN}`)
  expect(await build(registry, {})).toMatchObject({ status: "failed", log: expect.stringContaining("E401") })
  const built = await build(registry, { registryToken: TOKEN })
  expect(built).toMatchObject({ status: "built", lock: { answer: { version: "1.0.0" } } })
  expect(JSON.stringify(built)).not.toContain(TOKEN)
})

test("a registry that asks for a name and a password finds them in the address", async () => {
  const basic = Buffer.from("ann:p@ss/word").toString("base64")
  const registry = await open(`Basic ${basic}`)
  const address = registry.url.replace("//", "//ann:p%40ss%2Fword@")
  const built = await build(registry, { registry: address })
  expect(built.status).toBe("built")
  expect(JSON.stringify(built)).not.toMatch(new RegExp(`${basic}|p@ss`))
})

test("a token that the registry repeats in its refusal is not in the log", async () => {
  const registry = await open("Bearer another")
  const { status, log } = await build(registry, { registryToken: TOKEN })
  expect([status, log]).toEqual(["failed", expect.stringContaining("nobody knows Bearer ***")])
})

test.runIf(existsSync("/proc/self/environ"))(
  "a token is in the environment of npm, and nowhere else",
  async () => {
    const registry = await open(`Bearer ${TOKEN}`)
    const dir = await temporaryFolder()
    const bundler = await openBundler({ dir, registry: registry.url, registryToken: TOKEN })
    const controller = new AbortController()
    const building = bundler.build(inputOf({ hangs: "1.0.0" }), controller.signal)
    await vi.waitFor(() => expect(registry.requests).toContain("hangs"), 10_000)
    const seen = await processesWith(TOKEN, dir)
    expect(seen).toEqual({ commandLines: [], environments: [expect.stringMatching(/npm-cli|^npm install/)] })
    controller.abort(new Error("seen"))
    await expect(building).rejects.toThrow("seen")
  },
)

/** Command lines of the processes at work in `dir` that have the text there, or in their environment. */
async function processesWith(text: string, dir: string) {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const commandLines: string[] = []
  const environments: string[] = []
  for (const pid of pids) {
    const read = (name: string) => readFile(`/proc/${pid}/${name}`, "utf8").catch(() => "")
    if (!(await readlink(`/proc/${pid}/cwd`).catch(() => "")).startsWith(dir)) continue
    const commandLine = (await read("cmdline")).replaceAll("\0", " ")
    if (commandLine.includes(text)) commandLines.push(commandLine)
    if ((await read("environ")).includes(text)) environments.push(commandLine)
  }
  return { commandLines, environments }
}
