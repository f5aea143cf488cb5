import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseConfig } from "@hooklane/core"
import { beforeEach, expect, inject, onTestFinished, test, vi } from "vitest"
import { PlainError } from "../bootstrap/steps.mjs"
import { openLogFile } from "../launcher/log-file.ts"
import { openOutput } from "../launcher/output.ts"
import { openProcessGroups } from "../launcher/process-groups.ts"
import { startService } from "../launcher/start-service.ts"

/** Says where it listens as a gateway does, is ready at its second probe, and can be made to crash. */
const GATEWAY = `
import { createServer } from "node:http"
import { writeFileSync } from "node:fs"
const dir = process.env.HOOKLANE_DATA_DIR
let probes = 0
const server = createServer((request, response) => {
  if (request.url === "/crash") process.exit(9)
  response.writeHead(++probes > 1 ? 200 : 503).end(JSON.stringify(process.env))
})
server.listen(Number(process.env.PORT), () => {
  writeFileSync(dir + "/credentials.json", JSON.stringify({ url: "http://127.0.0.1:" + server.address().port }))
})
process.on("SIGTERM", () => process.exit(0))`

const WORKER = `
import { appendFileSync } from "node:fs"
appendFileSync(process.env.HOOKLANE_DATA_DIR + "/workers", JSON.stringify(process.env) + "\\n")
setInterval(() => {}, 1000)
process.on("SIGTERM", () => process.exit(0))`

beforeEach(() => {
  vi.spyOn(process.stdout, "write").mockReturnValue(true)
  onTestFinished(() => void vi.restoreAllMocks())
})

async function start(apps: { gateway?: string; worker?: string }, env: Record<string, string> = {}) {
  const dataDir = await mkdtemp(join(tmpdir(), "hooklane-start-"))
  await writeFile(join(dataDir, "gateway.ts"), apps.gateway ?? GATEWAY)
  await writeFile(join(dataDir, "worker.ts"), apps.worker ?? WORKER)
  const log = join(dataDir, "log")
  const stop = new AbortController()
  const processes = openProcessGroups({
    output: openOutput({
      file: openLogFile({ path: log, maxBytes: 1_000_000, keep: 1 }),
      print: () => {},
      printFrom: "warn",
    }),
    onGiveUp: (reason) => stop.abort(new PlainError(reason)),
  })
  onTestFinished(async () => {
    await processes.stop()
    await rm(dataDir, { recursive: true, force: true })
  })
  const settings = { PORT: "0", REDIS_URL: inject("redisUrl"), ...env }
  const url = startService({
    config: parseConfig(settings),
    env: { ...settings, UNRELATED: "secret of the shell" },
    dataDir,
    apps: { gateway: join(dataDir, "gateway.ts"), worker: join(dataDir, "worker.ts") },
    processes,
    signal: stop.signal,
  })
  return { url, dataDir, processes, log: () => readFile(log, "utf8") }
}

test("it is ready when the gateway says so, at the address the gateway chose", async () => {
  const { url } = await start({})
  expect((await fetch(await url)).status).toBe(200)
})

test("each process gets the settings it uses and nothing else", async () => {
  const { url, dataDir } = await start(
    {},
    {
      HOOKLANE_WORKERS: "2",
      HOOKLANE_THREADS: "3",
      HOOKLANE_CLIENT_SECRET: "c".repeat(30),
      HOST: "127.0.0.1",
    },
  )
  const gateway = await (await fetch(await url)).json()
  expect(gateway).toMatchObject({ REDIS_URL: inject("redisUrl"), HOOKLANE_DATA_DIR: dataDir, PORT: "0" })
  expect(gateway).toHaveProperty("HOOKLANE_CLIENT_SECRET")
  expect(gateway).not.toHaveProperty("HOOKLANE_THREADS")
  const workers = (await readFile(join(dataDir, "workers"), "utf8")).trim().split("\n")
  expect(workers).toHaveLength(2)
  for (const worker of workers.map((line) => JSON.parse(line))) {
    expect(worker).toMatchObject({ HOOKLANE_THREADS: "3" })
    for (const name of ["HOOKLANE_CLIENT_SECRET", "PORT", "UNRELATED", "PATH"]) {
      expect(worker).not.toHaveProperty(name)
    }
  }
})

test("a gateway that crashes later is back by itself", async () => {
  const { url, processes, log } = await start({})
  const address = await url
  processes.markReady()
  await fetch(new URL("/crash", address)).catch(() => {})
  await vi.waitFor(
    async () => expect((await log()).match(/"process":"gateway",.*"process started"/g)).toHaveLength(2),
    5_000,
  )
  expect(await log()).toContain('"code":9')
})

test("a gateway that cannot start ends the wait with its own words", async () => {
  const { url } = await start({ gateway: 'throw new TypeError("no such table: hooks")' })
  await expect(url).rejects.toThrow("gateway ended with exit code 1: TypeError: no such table: hooks")
})

test("without REDIS_URL the processes get a private Redis that keeps its data", async () => {
  const { url, dataDir } = await start({}, { REDIS_URL: "" })
  const gateway = await (await fetch(await url)).json()
  const redisUrl = expect.stringMatching(/redis\.sock\?password=[0-9a-f]{48}$/)
  expect(gateway).toMatchObject({ REDIS_URL: redisUrl })
  expect(await readFile(join(dataDir, "redis/appendonlydir/appendonly.aof.manifest"), "utf8")).toContain(
    "appendonly",
  )
})
