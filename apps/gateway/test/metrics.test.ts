import type { ExecutionRecord, OutboundCall } from "@hooklane/core"
import { expect, test } from "vitest"
import { createMetrics } from "../src/metrics.ts"

function newMetrics() {
  const counts = { waiting: 0, active: 0, delayed: 0, failed: 0, oldestWaitingMs: 0, isPaused: false }
  const mode = "sync" as const
  return createMetrics({
    lanes: { counts: async (triggerId) => ({ triggerId, mode, ...counts }) },
    listWorkers: async () => [
      { wall: { wall: "kernel", by: "bwrap" } },
      { wall: { wall: "kernel", by: "bwrap" } },
      { wall: { wall: "user", by: "setuid" } },
      {},
    ],
    inFlight: () => 0,
    circuits: { list: () => [] },
  })
}

test("no figure of a scrape is one that was never measured, and the event loop is among them", async () => {
  const { scrape } = newMetrics()
  for (const text of [await scrape(), await scrape()]) {
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"))
    const values = samples.map((line) => [line, Number(line.slice(line.lastIndexOf(" ") + 1))] as const)
    expect(values.filter(([, value]) => !Number.isFinite(value))).toEqual([])
    const ofLoop = values.filter(([line]) => line.includes("event_loop") || line.includes("eventloop"))
    expect(ofLoop.map(([line]) => line.split(" ")[0])).toEqual([
      "hooklane_event_loop_utilization",
      "hooklane_event_loop_delay_seconds",
    ])
    for (const [, value] of ofLoop) {
      expect(value).toBeGreaterThanOrEqual(0)
      expect(value).toBeLessThan(20)
    }
  }
})

test("a loop that was busy since the last scrape says so", async () => {
  const { scrape } = newMetrics()
  await scrape()
  const until = performance.now() + 100
  while (performance.now() < until);
  expect(await scrape()).toMatch(/^hooklane_event_loop_utilization (0\.[5-9]|1)/m)
})

function recordOf(calls: OutboundCall[]): ExecutionRecord {
  const head = { hookId: "h", hookName: "h", versionId: "v", acceptedAt: 0 }
  const attempt = {
    attempt: 1,
    workerId: "w",
    startedAt: 0,
    queueMs: 1,
    runMs: 1,
    logs: [],
    logsTruncated: false,
  }
  return {
    head: { executionId: "exe_1", triggerId: "send-phone-message", ...head },
    at: 0,
    status: "succeeded",
    attempt: { ...attempt, calls },
  }
}

test("workers are counted, and by the wall around their executors", async () => {
  const text = await newMetrics().scrape()
  expect(text).toContain("hooklane_workers 4\n")
  expect(text).toContain('hooklane_executor_wall{wall="kernel",by="bwrap"} 2\n')
  expect(text).toContain('hooklane_executor_wall{wall="user",by="setuid"} 1\n')
})

test("outbound calls are counted by what became of them, and their bytes by direction", async () => {
  const { observe, scrape } = newMetrics()
  const call = {
    at: 0,
    host: "api.example.com",
    port: 443,
    durationMs: 1,
    bytesIn: 0,
    bytesOut: 0,
    allowed: true,
  }
  const calls = [
    { ...call, bytesIn: 300, bytesOut: 20 },
    { ...call, bytesIn: 7 },
    { ...call, problem: "connect ECONNREFUSED" },
    { ...call, allowed: false, refusal: "rules" as const, problem: "connect EACCES" },
  ]
  observe(recordOf(calls))
  const lines = (await scrape()).split("\n").filter((line) => line.startsWith("hooklane_outbound"))
  const trigger = 'trigger="send-phone-message"'
  expect(lines).toEqual([
    `hooklane_outbound_calls_total{${trigger},result="connected",reason=""} 2`,
    `hooklane_outbound_calls_total{${trigger},result="failed",reason=""} 1`,
    `hooklane_outbound_calls_total{${trigger},result="refused",reason="rules"} 1`,
    `hooklane_outbound_bytes_total{${trigger},direction="in"} 307`,
    `hooklane_outbound_bytes_total{${trigger},direction="out"} 20`,
  ])
})
