import { performance } from "node:perf_hooks"
import { setImmediate } from "node:timers/promises"
import { Gauge, type Registry } from "prom-client"

/** No timer of Node's lasts longer. */
export const NEVER_MS = 2_147_483_647

/**
 * How busy the event loop is, measured when somebody looks. What the metrics library has takes a sample ten times a
 * second, which wakes an idle gateway, and shows NaN and 9.2e9 where it had no sample since the last look.
 */
export function watchEventLoop(registry: Registry): void {
  for (const { name } of registry.getMetricsAsArray())
    if (name.startsWith("nodejs_eventloop_")) registry.removeSingleMetric(name)

  let before = performance.eventLoopUtilization()
  new Gauge({
    name: "hooklane_event_loop_utilization",
    help: "Share of the time since the last scrape in which the event loop was busy, 0 to 1.",
    registers: [registry],
    collect() {
      const now = performance.eventLoopUtilization()
      this.set(performance.eventLoopUtilization(now, before).utilization || 0)
      before = now
    },
  })
  new Gauge({
    name: "hooklane_event_loop_delay_seconds",
    help: "How long the event loop took to come round at this scrape.",
    registers: [registry],
    async collect() {
      const startedAt = performance.now()
      await setImmediate()
      this.set((performance.now() - startedAt) / 1_000)
    },
  })
}
