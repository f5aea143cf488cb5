import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { getPriority } from "node:os"
import { dirname } from "node:path"
import { afterEach, describe, expect, test } from "vitest"
import { isAlive, noAbort, pidsOf, start, taskOf } from "./harness.ts"

const INDEX = new URL("../src/index.ts", import.meta.url).href
/** A worker that has executors and nothing to do. */
const WORKER = `
  import { startExecutors } from "${INDEX}"
  const log = { warn() {} }
  const executors = await startExecutors({ threads: 1, maxResultBytes: 1024, maxLogBytes: 1024, log })
  process.stdout.write(String(executors.stats().executors[0].pid))`

let worker: ChildProcess | undefined

afterEach(() => worker?.kill("SIGKILL"))

async function startWorker(): Promise<number> {
  worker = spawn(process.execPath, ["--input-type=module", "--eval", WORKER], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  if (!worker.stdout) throw new Error("the worker has no output")
  const [pid] = await once(worker.stdout, "data")
  return Number(pid)
}

function runtimeFolderOf(pid: number): string {
  const entry = readFileSync(`/proc/${pid}/cmdline`, "utf8")
    .split("\0")
    .find((argument) => argument.endsWith("/process.js"))
  if (!entry) throw new Error(`process ${pid} is not an executor`)
  return dirname(entry)
}

describe.runIf(process.platform === "linux")("an executor's process", () => {
  test("gets nothing of the worker's environment, and limits", async () => {
    const executors = await start()
    const [pid] = pidsOf(executors)
    const environment = () => readFileSync(`/proc/${pid}/environ`, "utf8").split("\0").filter(Boolean).sort()
    // At first it is the shell that sets the limits.
    await expect.poll(environment).toEqual([
      `PWD=${runtimeFolderOf(pid ?? 0)}`, // The shell's own.
      "TZ=UTC",
      "UV_THREADPOOL_SIZE=2",
    ])
    const limits = readFileSync(`/proc/${pid}/limits`, "utf8")
    expect(limits).toMatch(/Max core file size +0 +0/)
    expect(limits).toMatch(/Max file size +0 +0/)
    expect(limits).toMatch(/Max open files +256 +256/)
    expect(limits).toMatch(/Max address space +\d+ +\d+ +bytes/)
    if (process.getuid?.() === 0) {
      const status = readFileSync(`/proc/${pid}/status`, "utf8")
      expect(/^Uid:\s+(\d+)/m.exec(status)?.[1]).toMatch(/^[3-5]\d{4}$/)
      expect(/^Groups:\s*$/m.test(status)).toBe(true)
    }
    await executors.close()
  })

  test("is the first to go when memory runs out", async () => {
    const executors = await start()
    const [pid] = pidsOf(executors)
    const score = () => readFileSync(`/proc/${pid}/oom_score_adj`, "utf8")
    await expect.poll(score).toBe("1000\n")
    await executors.close()
  })

  test.each([
    ["pre-user-registration", 0],
    ["post-user-registration", 10],
  ] as const)("stands back, for %s by %i", async (triggerId, by) => {
    const executors = await start()
    await executors.run(
      taskOf("module.exports = (...all) => all.at(-1)()", { triggerId, versionId: "v" }),
      noAbort,
    )
    const [pid] = executors
      .stats()
      .executors.flatMap((one) => (one.hookVersions.includes("v") ? one.pid : []))
    // Of the process those threads that run the hook; the first one, which keeps the time, stays as it is.
    const prioritiesOf = (name: string) =>
      readdirSync(`/proc/${pid}/task`)
        .filter((id) => readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8").includes(name))
        .map((id) => getPriority(Number(id)))
    const own = getPriority()
    expect(new Set(prioritiesOf("WorkerThread"))).toEqual(new Set([Math.min(19, own + by)]))
    expect(prioritiesOf("MainThread")).toEqual([own])
    await executors.close()
  })

  test("may read one folder, which goes with its worker", async () => {
    const executors = await start()
    const folder = runtimeFolderOf(pidsOf(executors)[0] ?? 0)
    expect(existsSync(folder)).toBe(true)
    await executors.close()
    expect(existsSync(folder)).toBe(false)
  })

  test("ends with a worker that is killed, and the next worker removes its folder", async () => {
    const pid = await startWorker()
    const folder = runtimeFolderOf(pid)
    worker?.kill("SIGKILL")
    await expect.poll(() => isAlive(pid), { timeout: 5_000 }).toBe(false)
    const executors = await start()
    await expect.poll(() => existsSync(folder)).toBe(false)
    await executors.close()
  })

  test("ends when its worker falls silent, even if the pipe stays open", { timeout: 60_000 }, async () => {
    const pid = await startWorker()
    const folder = runtimeFolderOf(pid)
    worker?.kill("SIGSTOP")
    // Nobody reaps a child of a stopped process: dead, it may be there as a zombie.
    const isRunning = () => isAlive(pid) && !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))
    await expect.poll(isRunning, { timeout: 50_000 }).toBe(false)
    worker?.kill("SIGKILL")
    rmSync(folder, { recursive: true })
  })
})
