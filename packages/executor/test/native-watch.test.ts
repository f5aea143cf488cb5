import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { startNativeWatch } from "../src/contained/native-watch.ts"

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] })
  vi.spyOn(process, "threadCpuUsage").mockReturnValue({ user: 0, system: 0 })
})
afterEach(() => {
  vi.useRealTimers()
  vi.restoreAllMocks()
})

/** @param usedMs of the whole process, and of the threads that run hooks, between two looks */
async function watch(looks: number, usedMs: { process: number; threads: number }): Promise<number> {
  let look = 0
  vi.spyOn(process, "cpuUsage").mockImplementation(() => ({ user: look * usedMs.process * 1_000, system: 0 }))
  const onSuspicion = vi.fn()
  startNativeWatch({ threadsCpuMs: () => Promise.resolve(look * usedMs.threads), onSuspicion })
  for (; look < looks; look += 1) await vi.advanceTimersByTimeAsync(500)
  return onSuspicion.mock.calls.length
}

test("work that neither the threads nor the main one does is noticed within three seconds", async () => {
  expect(await watch(6, { process: 500, threads: 100 })).toBe(1)
})

test("it is looked at again after 15 seconds, not before", async () => {
  expect(await watch(30, { process: 500, threads: 100 })).toBe(1)
  expect(await watch(40, { process: 500, threads: 100 })).toBe(2)
})

test("threads that work are not suspected", async () => {
  expect(await watch(40, { process: 500, threads: 490 })).toBe(0)
})

test("a thread that does not answer stops no process", async () => {
  const onSuspicion = vi.fn()
  startNativeWatch({ threadsCpuMs: () => Promise.reject(new Error("it has ended")), onSuspicion })
  await vi.advanceTimersByTimeAsync(5_000)
  expect(onSuspicion).not.toHaveBeenCalled()
})
