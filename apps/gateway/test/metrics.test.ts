import type { ExecutionRecord, OutboundCall } from "@hooklane/core"
import { expect, test } from "vitest"
import { createMetrics } from "../src/metrics.ts"

function newMetrics() {
  const counts = { waiting: 0, active: 0, delayed: 0, failed: 0, oldestWaitingMs: 0, isPaused: false }
  const mode = "sync" as const
  return createMetrics({
    lanes: { counts: async (triggerId) => ({ triggerId, mode, ...counts }) },
    workerCount: async () => 1,
    inFlight: () => 0,
    circuits: { list: () => [] },
  })
}

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
