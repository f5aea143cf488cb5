import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { processStartedAt, tryLock } from "../bootstrap/lock.mjs"

const LOCK_MODULE = join(import.meta.dirname, "../bootstrap/lock.mjs")

async function emptyDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-lock-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

/** A process that takes the lock, says what it got, and then waits. */
async function lockInProcess(path: string): Promise<{ child: ChildProcess; got: string }> {
  const script = `
    const { tryLock } = await import(${JSON.stringify(LOCK_MODULE)})
    console.log(JSON.stringify(tryLock(${JSON.stringify(path)})))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const [got] = await once(child.stdout, "data")
  return { child, got: String(got).trim() }
}

test("a second process learns who holds the lock", async () => {
  const path = join(await emptyDir(), "lock")
  const first = await lockInProcess(path)
  expect(tryLock(path)).toEqual({ heldBy: first.child.pid })
})

test("the lock of a process that was killed is free", async () => {
  const dir = await emptyDir()
  const path = join(dir, "lock")
  const { child } = await lockInProcess(path)
  child.kill("SIGKILL")
  await once(child, "exit")
  expect(tryLock(path)).toHaveProperty("release")
  expect(await readdir(dir)).toEqual(["lock"])
})

test("a pid that now belongs to another process does not hold the lock", async () => {
  const path = join(await emptyDir(), "lock")
  await writeFile(path, JSON.stringify({ pid: process.ppid, startedAt: "long ago" }))
  expect(tryLock(path)).toHaveProperty("release")
})

test("what is not a lock is taken over", async () => {
  const path = join(await emptyDir(), "lock")
  await writeFile(path, "{")
  expect(tryLock(path)).toHaveProperty("release")
})

test("a released lock can be taken again", async () => {
  const path = join(await emptyDir(), "lock")
  const lock = tryLock(path)
  expect(tryLock(path)).toEqual({ heldBy: process.pid })
  if ("release" in lock) lock.release()
  expect(tryLock(path)).toHaveProperty("release")
})

test("of many processes that find a stale lock, one gets it", async () => {
  const path = join(await emptyDir(), "lock")
  await writeFile(path, JSON.stringify({ pid: process.pid, startedAt: "another life" }))
  const all = await Promise.all(Array.from({ length: 6 }, () => lockInProcess(path)))
  const winners = all.filter(({ got }) => got === "{}")
  expect(winners).toHaveLength(1)
  const heldBy = JSON.stringify({ heldBy: winners[0]?.child.pid })
  expect(all.map(({ got }) => got).sort()).toEqual([heldBy, heldBy, heldBy, heldBy, heldBy, "{}"].sort())
})

test("the start time of a process does not change, and one that is not there has none", () => {
  expect(processStartedAt(process.pid)).toBe(processStartedAt(process.pid))
  expect(processStartedAt(2 ** 22 + 1)).toBeUndefined()
})
