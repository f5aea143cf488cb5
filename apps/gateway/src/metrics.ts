import { type ExecutionRecord, isFinal, type OutboundCall, TRIGGER_IDS, type TriggerId } from "@hooklane/core"
import type { Lanes, WorkerInfo } from "@hooklane/queue"
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client"
import type { RefusalReason } from "./admission.ts"
import { CIRCUIT_STATES } from "./circuit-breaker.ts"
import type { Circuits } from "./circuits.ts"
import { NEVER_MS, watchEventLoop } from "./watch-event-loop.ts"

/** From a warm no-op (about 0.5 ms) to the longest run that the default limit allows (20 s). */
const SECONDS_BUCKETS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20]

export interface MetricsDeps {
  lanes: Pick<Lanes, "counts">
  listWorkers: () => Promise<Pick<WorkerInfo, "wall">[]>
  inFlight: () => number
  circuits: Pick<Circuits, "list">
}

/**
 * What Prometheus reads. Executions are counted where they are written to the history, so the sum over all
 * gateways counts each once; lanes and workers are looked up at each scrape and are the same on every gateway.
 */
export function createMetrics(deps: MetricsDeps) {
  const registry = new Registry()
  // By default the event loop is woken every 10 ms to see how late it is: half of what an idle gateway does.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: NEVER_MS })
  watchEventLoop(registry)
  const observe = observeRecords(registry)
  const refused = countRefusals(registry)
  watchLanes(registry, deps)
  watchCircuits(registry, deps)
  return { observe, refused, scrape: () => registry.metrics(), contentType: registry.contentType }
}

function observeRecords(registry: Registry): (record: ExecutionRecord) => void {
  const registers = [registry]
  const ended = new Counter({
    name: "hooklane_executions_total",
    help: "Executions that ended, by trigger, final status and failure.",
    labelNames: ["trigger", "status", "failure"],
    registers,
  })
  const attempts = new Counter({
    name: "hooklane_attempts_total",
    help: "Attempts, by trigger and failure (empty when it succeeded).",
    labelNames: ["trigger", "failure"],
    registers,
  })
  const run = new Histogram({
    name: "hooklane_run_seconds",
    help: "Time in user code.",
    labelNames: ["trigger"],
    buckets: SECONDS_BUCKETS,
    registers,
  })
  const queued = new Histogram({
    name: "hooklane_queue_seconds",
    help: "Time from being runnable to being started.",
    labelNames: ["trigger"],
    buckets: SECONDS_BUCKETS,
    registers,
  })
  const replaced = new Counter({
    name: "hooklane_policy_answers_total",
    help: "Callers that were answered in place of a failing hook, by trigger, failure and what answered.",
    labelNames: ["trigger", "failure", "answered_by"],
    registers,
  })
  const countCalls = countOutboundCalls(registry)
  return ({ head, status, failure = "", attempt, answeredBy }) => {
    const trigger = head.triggerId
    if (answeredBy) return replaced.inc({ trigger, failure, answered_by: answeredBy })
    if (isFinal(status)) ended.inc({ trigger, status, failure })
    if (!attempt) return
    attempts.inc({ trigger, failure: attempt.failure ?? "" })
    run.observe({ trigger }, attempt.runMs / 1_000)
    queued.observe({ trigger }, attempt.queueMs / 1_000)
    countCalls(trigger, attempt.calls ?? [])
  }
}

function countOutboundCalls(registry: Registry): (trigger: TriggerId, calls: OutboundCall[]) => void {
  const registers = [registry]
  const calls = new Counter({
    name: "hooklane_outbound_calls_total",
    help: "Connections that hooks asked for, by trigger, result (connected, failed, refused) and reason of a refusal.",
    labelNames: ["trigger", "result", "reason"],
    registers,
  })
  const bytes = new Counter({
    name: "hooklane_outbound_bytes_total",
    help: "Bytes of hooks' connections, by trigger and direction, in or out.",
    labelNames: ["trigger", "direction"],
    registers,
  })
  return (trigger, made) => {
    for (const { allowed, refusal: reason = "", problem, bytesIn, bytesOut } of made) {
      const result = problem === undefined ? "connected" : "failed"
      calls.inc({ trigger, result: allowed ? result : "refused", reason })
      bytes.inc({ trigger, direction: "in" }, bytesIn)
      bytes.inc({ trigger, direction: "out" }, bytesOut)
    }
  }
}

function countRefusals(registry: Registry): (triggerId: TriggerId, reason: RefusalReason) => void {
  const refusals = new Counter({
    name: "hooklane_refused_total",
    help: "Events that this gateway refused for want of room (429, 503), by trigger and reason.",
    labelNames: ["trigger", "reason"],
    registers: [registry],
  })
  return (trigger, reason) => refusals.inc({ trigger, reason })
}

function watchLanes(registry: Registry, { lanes, listWorkers, inFlight }: MetricsDeps): void {
  const registers = [registry]
  const oldest = new Gauge({
    name: "hooklane_lane_oldest_waiting_seconds",
    help: "Age of the job that waits longest.",
    labelNames: ["trigger"],
    registers,
  })
  new Gauge({
    name: "hooklane_lane_jobs",
    help: "Jobs in a lane, by trigger and state.",
    labelNames: ["trigger", "state"],
    registers,
    async collect() {
      for (const { triggerId: trigger, ...counts } of await Promise.all(
        TRIGGER_IDS.map((id) => lanes.counts(id)),
      )) {
        for (const state of ["waiting", "active", "delayed", "failed"] as const)
          this.set({ trigger, state }, counts[state])
        oldest.set({ trigger }, counts.oldestWaitingMs / 1_000)
      }
    },
  })
  new Gauge({
    name: "hooklane_executor_wall",
    help: "Workers by what holds native code in their executors (process, user, kernel), and what raised it.",
    labelNames: ["wall", "by"],
    registers,
    async collect() {
      this.reset()
      for (const { wall } of await listWorkers()) if (wall) this.inc({ ...wall })
    },
  })
  new Gauge({
    name: "hooklane_workers",
    help: "Worker processes that are alive.",
    registers,
    async collect() {
      this.set((await listWorkers()).length)
    },
  })
  new Gauge({
    name: "hooklane_sync_in_flight",
    help: "Synchronous calls that wait on this gateway.",
    registers,
    collect() {
      this.set(inFlight())
    },
  })
}

function watchCircuits(registry: Registry, { circuits }: MetricsDeps): void {
  new Gauge({
    name: "hooklane_circuit_state",
    help: "The circuit of a hook on this gateway: 0 closed, 1 half open, 2 open.",
    labelNames: ["trigger", "hook"],
    registers: [registry],
    collect() {
      this.reset()
      for (const { triggerId, hookId, breaker } of circuits.list())
        this.set({ trigger: triggerId, hook: hookId }, CIRCUIT_STATES.indexOf(breaker.view().state))
    },
  })
}
