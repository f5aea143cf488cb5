import { PassThrough } from "node:stream"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import type { LaunchedExecutor } from "../src/launched-executor.ts"
import type { ProcessDeath } from "../src/pending-runs.ts"
import type { Report } from "../src/remote/protocol.ts"
import { openRoster } from "../src/remote/roster.ts"

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test("a worker hears how long its executors have waited for a processor, when that has grown", async () => {
  let waitedMs = 0
  const gone = Promise.withResolvers<ProcessDeath>()
  const executor: LaunchedExecutor = {
    pid: 1,
    rssMb: 0,
    stream: Promise.resolve(new PassThrough()),
    egress: { listen: () => {}, bind: () => {}, endRun: () => {} },
    gone: gone.promise,
    kill: (reason) => gone.resolve({ reason, cause: "crash", rssMb: 0, limitMb: 0 }),
    setBaseline: () => {},
    hold: () => () => {},
    waitedMs: () => waitedMs,
  }
  const reports: Report[] = []
  const roster = openRoster((report) => void reports.push(report))
  roster.add("key", executor)
  const waits = () => reports.filter(({ type }) => type === "waited")
  await vi.advanceTimersByTimeAsync(1_000)
  expect(waits()).toEqual([])
  waitedMs = 700
  await vi.advanceTimersByTimeAsync(500)
  waitedMs = 720
  await vi.advanceTimersByTimeAsync(500)
  expect(waits()).toEqual([{ type: "waited", executors: [{ key: "key", waitedMs: 700 }] }])
  await roster.close("over")
})
