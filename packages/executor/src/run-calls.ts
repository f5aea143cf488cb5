import type { OutboundCall, RunReport } from "@hooklane/core"
import type { EgressLink, LineEnd } from "./egress-link.ts"
import type { RunCallsReport } from "./egress-protocol.ts"

/**
 * The connections of the runs in one executor, as the egress broker reports them: what the executor says of itself
 * counts for nothing but that there are some to wait for.
 */
export interface RunCalls {
  begin(run: string): void
  /** It has connected: its calls are on their way. */
  expect(run: string): void
  /** The process ended; what its runs had connected to is on its way. */
  expectAll(): void
  take(report: RunCallsReport): void
  /** Nothing more is reported. */
  end(how: LineEnd): void
  /** Adds the calls to the report, when all are known, or after a second as far as they are. */
  complete(run: string, report: RunReport): MaybeLater<RunReport>
}

type MaybeLater<Value> = Value | Promise<Value>

export interface RunCallsOptions {
  egress: Pick<EgressLink, "endRun">
  /** The executor connects for a run that it does not have. */
  onStray(): void
}

interface CallsOfRun {
  isExpected: boolean
  /** As far as they are known. */
  last: RunCallsReport | undefined
  /** Somebody waits for all of them. */
  onAll: (() => void) | undefined
}

/** The broker is on this machine: what it has to say is here in a fraction of a millisecond. */
const FINAL_LIMIT_MS = 1_000

export function openRunCalls({ egress, onStray }: RunCallsOptions): RunCalls {
  const runs = new Map<string, CallsOfRun>()
  /** Runs that were not waited for any longer. */
  const late = new Set<string>()
  let hasEnded = false

  function take(report: RunCallsReport): void {
    const { run: id, isFinal } = report
    if (late.has(id)) {
      if (isFinal) late.delete(id)
      return
    }
    const run = runs.get(id)
    if (!run || run.last?.isFinal) {
      onStray()
      return
    }
    run.last = report
    if (isFinal) run.onAll?.()
  }

  async function waitForAll(id: string, run: CallsOfRun): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    run.onAll = resolve
    const timer = setTimeout(() => {
      late.add(id)
      egress.endRun(id)
      resolve()
    }, FINAL_LIMIT_MS)
    await promise
    clearTimeout(timer)
  }

  async function withCalls(id: string, run: CallsOfRun, report: RunReport): Promise<RunReport> {
    if (!run.last?.isFinal && !hasEnded) await waitForAll(id, run)
    runs.delete(id)
    const calls = run.last?.calls ?? []
    return calls.length > 0 ? { ...report, calls } : report
  }

  return {
    begin: (run) => void runs.set(run, { isExpected: false, last: undefined, onAll: undefined }),
    expect(id) {
      const run = runs.get(id)
      if (run) run.isExpected = true
    },
    expectAll() {
      for (const run of runs.values()) run.isExpected = true
    },
    take,
    end(how) {
      hasEnded = true
      for (const run of runs.values()) {
        if (how.because === "lost" && run.last) run.last.calls = withLoss(run.last, how.reason)
        run.onAll?.()
      }
    },
    complete(id, report) {
      const run = runs.get(id)
      if (run && (run.isExpected || run.last)) return withCalls(id, run, report)
      runs.delete(id)
      return report
    },
  }
}

/** The connections that were open with the broker ended with it. */
function withLoss({ calls, open }: RunCallsReport, reason: string): OutboundCall[] {
  const problem = `the egress broker ended: ${reason}`.slice(0, 200)
  return calls.map((call, index) => (open.includes(index) ? { ...call, problem } : call))
}
