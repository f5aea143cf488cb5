import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { generateMasterKey } from "@hooklane/core/keyring"
import { expect, onTestFailed, onTestFinished, test, vi } from "vitest"
import { credentialsFile } from "../scripts/launcher/credentials.ts"
import { freePort } from "../scripts/redis/redis-address.ts"
import { type Api, createApi, login } from "./api.ts"
import { type AppProcess, startApp } from "./app-process.ts"
import { hookProcesses } from "./service.ts"

const LAUNCH_MS = 20_000

test("one command starts it, what dies is started again, and SIGTERM leaves nothing but the data", {
  timeout: 60_000,
}, async () => {
  const dir = await dataDir()
  const port = String(await freePort())
  const launcher = await launch(dir, { PORT: port, HOOKLANE_WORKERS: "2" })
  const api = await whenReady(launcher, dir)
  expect(api.url).toBe(`http://127.0.0.1:${port}`)
  await api.createHook("credentials-exchange", "cb(null, { scope: ['from the first start'] })")
  expect(await answerOf(api)).toEqual({ scope: ["from the first start"] })

  const killed = [...(await pidsOf(dir, "worker 1")), ...(await pidsOf(dir, "gateway"))]
  expect(killed).toHaveLength(2)
  for (const pid of killed) process.kill(pid, "SIGKILL")
  await vi.waitFor(async () => {
    expect(await pidsOf(dir, "worker 1")).toHaveLength(2)
    expect(await pidsOf(dir, "gateway")).toHaveLength(2)
    expect(await answerOf(api)).toEqual({ scope: ["from the first start"] })
  }, LAUNCH_MS)
  expect(launcher.output()).toContain("process ended")

  launcher.terminate()
  expect(await launcher.exited).toEqual({ code: 0, signal: null })
  for (const pid of await pidsOf(dir)) expect(() => process.kill(pid, 0)).toThrow("ESRCH")
  expect(await hookProcesses({ dir })).toEqual([])
  await expect(fetch(`${api.url}/healthz`)).rejects.toThrow()

  const again = await launch(dir, { PORT: port })
  expect(await answerOf(await whenReady(again, dir))).toEqual({ scope: ["from the first start"] })
})

test("a stop that has to wait for work in hand ends with 0, though terminal and log folder are gone", {
  timeout: 60_000,
}, async () => {
  const dir = await dataDir()
  const launcher = await launch(dir, { PORT: "0" }, "exec \"$@\" > >(sed '/A second Ctrl-C/q')")
  const api = await whenReady(launcher, dir)
  await api.createHook("credentials-exchange", "setTimeout(() => cb(null, { scope: ['slow'] }), 2_000)")
  await rm(join(dir, "logs"), { recursive: true })
  const answer = answerOf(api)
  await vi.waitFor(async () => expect(JSON.stringify(await api.get("/v1/queues"))).toContain('"active":1'))
  launcher.terminate()
  expect(await answer).toEqual({ scope: ["slow"] })
  expect(await launcher.exited).toEqual({ code: 0, signal: null })
})

test("a setting that is not valid stops it with a sentence that says so", async () => {
  const launcher = await launch(await dataDir(), { HOOKLANE_WORKERS: "many" })
  expect(await launcher.exited).toEqual({ code: 1, signal: null })
  expect(launcher.output().trim()).toBe(
    `HOOKLANE_WORKERS is not valid (it is "many"): must be a whole number from 0 to 64. A right value: 2`,
  )
})

test("a REDIS_URL that leads nowhere ends it soon, with its address and without its password", {
  timeout: 60_000,
}, async () => {
  const dir = await dataDir()
  const launcher = await launch(dir, { PORT: "0", REDIS_URL: "redis://:hidden@127.0.0.1:1" })
  expect(await launcher.exited).toEqual({ code: 1, signal: null })
  expect(launcher.output()).toContain("gateway cannot start: Redis at 127.0.0.1:1 cannot be used")
  expect(launcher.output()).not.toContain("hidden")
  // Three tries, each with a wait of its own, took 40 s.
  expect(await pidsOf(dir, "gateway")).toHaveLength(1)
})

test("what keeps a process from starting is a sentence, without a stack and without more tries", async () => {
  const dir = await dataDir()
  await writeFile(join(dir, "master.key"), generateMasterKey())
  await writeFile(join(dir, "hooklane.db"), "this is a text, and too long for an empty database".repeat(100))
  const launcher = await launch(dir, { PORT: "0" })
  expect(await launcher.exited).toEqual({ code: 1, signal: null })
  expect(launcher.output()).toMatch(
    /gateway cannot start: The database .* cannot be opened: .*not a database/,
  )
  expect(launcher.output()).not.toContain("    at ")
})

test("a lost master.key is not replaced: the start is refused with what is lost and the way out", {
  timeout: 60_000,
}, async () => {
  const dir = await dataDir()
  const first = await launch(dir, { PORT: "0" })
  const api = await whenReady(first, dir)
  await api.createHook("credentials-exchange", "cb(null, { scope: [] })")
  first.terminate()
  await first.exited
  const key = await readFile(join(dir, "master.key"))
  await rm(join(dir, "master.key"))

  const refused = await launch(dir, { PORT: "0" })
  expect(await refused.exited).toEqual({ code: 1, signal: null })
  expect(refused.output()).toMatch(
    /master\.key is missing.*secrets of hooks.*waiting events.*backup.*start over/s,
  )
  expect(await readdir(dir)).not.toContain("master.key")

  await writeFile(join(dir, "master.key"), key)
  expect(await answerOf(await whenReady(await launch(dir, { PORT: "0" }), dir))).toEqual({ scope: [] })
})

test("a second one on the same data is refused, and does the first no harm", async () => {
  const dir = await dataDir()
  const first = await launch(dir, { PORT: "0" })
  const api = await whenReady(first, dir)
  const second = await launch(dir, { PORT: "0" })
  expect(await second.exited).toEqual({ code: 1, signal: null })
  expect(second.output()).toContain(`Hooklane already runs on ${dir}`)
  expect(await api.send("GET", "/readyz")).toMatchObject({ status: 200 })
})

async function dataDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-e2e-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  await mkdir(join(dir, "tmp"))
  return dir
}

/** `npm start` in the clone under test, with the given settings only; stopped when the test is over. */
async function launch(dir: string, settings: Record<string, string>, wrapper?: string): Promise<AppProcess> {
  const launcher = await startApp({
    name: "launcher",
    ...(wrapper && { via: ["/bin/bash", "-c", wrapper, "bash"] }),
    args: [join(import.meta.dirname, "../scripts/start.mjs")],
    env: {
      PATH: process.env["PATH"] ?? "",
      TMPDIR: join(dir, "tmp"),
      HOOKLANE_DATA_DIR: dir,
      HOOKLANE_RATE_LIMIT_BURST: "0",
      ...settings,
    },
    onLine: () => {},
  })
  onTestFailed(() => void process.stderr.write(`${launcher.output()}\n`))
  onTestFinished(async () => {
    launcher.terminate()
    await launcher.exited
  })
  return launcher
}

/** Calls to the service at the address that the ready screen shows. */
async function whenReady(launcher: AppProcess, dir: string): Promise<Api> {
  const url = await vi.waitFor(
    () => {
      const [, shown] = /Hooklane is ready\..*?API +(http\S+)/s.exec(launcher.output()) ?? []
      if (!shown) throw new Error(`There is no ready screen:\n${launcher.output()}`)
      return shown
    },
    { timeout: LAUNCH_MS },
  )
  const { clientId, clientSecret } = JSON.parse(await readFile(credentialsFile(dir), "utf8"))
  return createApi({ url, token: await login(url, clientId, clientSecret) })
}

async function answerOf(api: Api): Promise<unknown> {
  return (await api.fire("credentials-exchange")).body.result
}

/** Processes that the log tells of, of this name or all. */
async function pidsOf(dir: string, name?: string): Promise<number[]> {
  const log = await readFile(join(dir, "logs/hooklane.log"), "utf8")
  const starts = log.split("\n").filter((line) => line.includes('"process started"'))
  const started: { process: string; pid: number }[] = starts.map((line) => JSON.parse(line))
  return started.filter(({ process }) => name === undefined || process === name).map(({ pid }) => pid)
}
