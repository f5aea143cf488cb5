import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from "vitest"
import { processStartedAt } from "../bootstrap/lock.mjs"
import type { Output } from "../launcher/output.ts"
import { openProcessGroups } from "../launcher/process-groups.ts"
import { type ProcessSpec, type SuperviseDeps, supervise } from "../launcher/supervise.ts"

const FAST = { attempts: 3, firstDelayMs: 40, factor: 2, maxDelayMs: 200 }

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hooklane-supervise-"))
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

/** A program that writes a line to `marks` when it is up, and then does as `script` says. */
function program(name: string, script: string): ProcessSpec {
  const args = ["-c", `echo "${name} up" >> ${dir}/marks; ${script}`]
  return { name, command: "/bin/sh", args, env: { PATH: "/usr/bin:/bin" }, stopWithinMs: 2_000 }
}

/** Runs until SIGTERM, then takes `seconds` to finish and says so. */
function drains(name: string, seconds: number): ProcessSpec {
  const finish = `trap 'sleep ${seconds}; echo "${name} done" >> ${dir}/marks; exit 0' TERM`
  return program(name, `${finish}; while :; do sleep 0.02; done`)
}

function marks(): string[] {
  try {
    return readFileSync(join(dir, "marks"), "utf8").trim().split("\n")
  } catch {
    return []
  }
}

function recordingOutput() {
  const logged: Record<string, unknown>[] = []
  const output: Output = {
    log: (level, fields, message) => void logged.push({ level, message, ...fields }),
    follow: (_name, { stdout, stderr }) => {
      stdout.resume()
      let words = ""
      stderr.on("data", (text) => {
        words += text
      })
      return () => words.trim()
    },
  }
  return { output, logged }
}

function start(spec: ProcessSpec, deps: Partial<SuperviseDeps> = {}) {
  const { output, logged } = recordingOutput()
  const onGiveUp = vi.fn<(reason: string) => void>()
  const supervised = supervise(spec, { output, onGiveUp, policy: FAST, ...deps })
  onTestFinished(() => supervised.stop())
  return { supervised, logged, onGiveUp }
}

function delays(logged: readonly Record<string, unknown>[]): unknown[] {
  return logged.flatMap((line) => line["restartInMs"] ?? [])
}

test("a process that ends is started again after growing delays, and each end is logged", async () => {
  const { supervised, logged } = start(program("app", "exit 5"))
  supervised.markReady()
  await vi.waitFor(() => expect(delays(logged).slice(0, 4)).toEqual([40, 80, 160, 200]), { timeout: 5_000 })
  expect(logged).toContainEqual(
    expect.objectContaining({ level: "error", process: "app", code: 5, message: "process ended" }),
  )
})

test("a process that ran for a while starts with the first delay again", async () => {
  const { supervised, logged } = start(program("app", "sleep 0.1; exit 1"), { steadyAfterMs: 50 })
  supervised.markReady()
  await vi.waitFor(() => expect(delays(logged).slice(0, 3)).toEqual([40, 40, 40]), { timeout: 5_000 })
})

test("a process that never comes up is given up with its own words", async () => {
  const { onGiveUp } = start(program("app", "echo 'no such table' >&2; exit 1"))
  await vi.waitFor(() => expect(onGiveUp).toHaveBeenCalled(), { timeout: 5_000 })
  expect(onGiveUp).toHaveBeenCalledExactlyOnceWith("app ended with exit code 1: no such table")
  expect(marks()).toEqual(["app up", "app up", "app up"])
})

test("a stopped process may finish, and is not started again", async () => {
  const { supervised } = start(drains("app", 0.2))
  await vi.waitFor(() => expect(marks()).toEqual(["app up"]))
  await supervised.stop()
  expect(marks()).toEqual(["app up", "app done"])
  expect(supervised.pid()).toBeUndefined()
})

test("a process that does not end in time is killed", async () => {
  const spec = program("app", "trap '' TERM; while :; do sleep 0.02; done")
  const { supervised } = start({ ...spec, stopWithinMs: 100 })
  await vi.waitFor(() => expect(marks()).toEqual(["app up"]))
  const pid = supervised.pid() ?? 0
  await supervised.stop()
  expect(processStartedAt(pid)).toBeUndefined()
})

test("stopping during a delay does not wait for it", async () => {
  const { supervised, logged } = start(program("app", "exit 1"), {
    policy: { ...FAST, firstDelayMs: 60_000, maxDelayMs: 60_000 },
  })
  await vi.waitFor(() => expect(delays(logged)).toEqual([60_000]))
  await supervised.stop()
  expect(marks()).toEqual(["app up"])
})

test("groups stop in the reverse order of their start, each after the next one is gone", async () => {
  const groups = openProcessGroups({ output: recordingOutput().output, onGiveUp: () => {} })
  groups.start([drains("redis", 0)])
  groups.start([drains("worker 1", 0.1), drains("worker 2", 0.1)])
  groups.start([drains("gateway", 0.2)])
  await vi.waitFor(() => expect(marks()).toHaveLength(4))
  await groups.stop()
  const done = marks().slice(4)
  expect(done[0]).toBe("gateway done")
  expect(done.slice(1, 3).sort()).toEqual(["worker 1 done", "worker 2 done"])
  expect(done[3]).toBe("redis done")
})

test("killing the groups ends everything at once", async () => {
  const groups = openProcessGroups({ output: recordingOutput().output, onGiveUp: () => {} })
  groups.start([drains("worker", 60)])
  groups.start([drains("gateway", 60)])
  await vi.waitFor(() => expect(marks()).toHaveLength(2))
  const stopped = groups.stop()
  groups.kill()
  await stopped
  expect(marks()).toHaveLength(2)
})

test("a process that says that it cannot start is not started again", async () => {
  const { onGiveUp } = start(program("app", 'echo "The key is missing" >&2; exit 78'))
  await vi.waitFor(() => expect(onGiveUp).toHaveBeenCalledWith("app cannot start: The key is missing"))
  expect(marks()).toEqual(["app up"])
})
