const zero = () => 0
const nothing = () => {}

/** Never hears of anything. */
class PerformanceObserver {
  static readonly supportedEntryTypes: readonly string[] = Object.freeze([])
  disconnect(): void {}
  observe(): void {}
  takeRecords(): unknown[] {
    return []
  }
}

const CLASSES = [
  "Performance",
  "PerformanceEntry",
  "PerformanceMark",
  "PerformanceMeasure",
  "PerformanceObserverEntryList",
  "PerformanceResourceTiming",
]

/** Classes that are there to be asked about; entries of a hook's own `performance` are plain objects. */
export function performanceClasses(): Record<string, unknown> {
  return { ...Object.fromEntries(CLASSES.map((name) => [name, illegalClass(name)])), PerformanceObserver }
}

function illegalClass(name: string): unknown {
  // As a property's value, the class takes its name from the key.
  const named = {
    [name]: class {
      constructor() {
        throw new TypeError("Illegal constructor")
      }
    },
  }
  return named[name]
}

/** The `perf_hooks` of hooks: nothing is measured but their own marks. */
export function createPerfHooks(performance: object, classes: Record<string, unknown>): object {
  return {
    ...classes,
    performance,
    monitorEventLoopDelay: createHistogram,
    createHistogram,
    createSlidingWindowHistogram: createHistogram,
    importHistogram: createHistogram,
    eventLoopUtilization: Reflect.get(performance, "eventLoopUtilization"),
    timerify: Reflect.get(performance, "timerify"),
    constants: {},
  }
}

function createHistogram(): object {
  return {
    ...Object.fromEntries(["min", "max", "mean", "stddev", "exceeds", "count"].map((name) => [name, 0])),
    percentiles: new Map(),
    percentile: zero,
    enable: () => true,
    disable: () => true,
    ...Object.fromEntries(["add", "record", "recordDelta", "reset"].map((name) => [name, nothing])),
  }
}
