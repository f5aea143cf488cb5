import type { HookEgress } from "./contained/egress/egress-rules.ts"
import type { RunCallsReport } from "./egress-protocol.ts"

/** An executor's line to the egress broker, as its worker sees it: what the broker knows of it, and what it is told. */
export interface EgressLink {
  /** Lets the executor connect, as far as its hook wants to. */
  bind(hookEgress: HookEgress | undefined): void
  /** Ends what a run has open. */
  endRun(run: string): void
  /** There is one listener. Nothing is told before. */
  listen(listener: EgressListener): void
}

export interface EgressListener {
  onCalls(report: RunCallsReport): void
  /** The executor broke the protocol: its line is ended. */
  onFault(fault: string): void
  /** Comes once; nothing comes after it. */
  onClosed(end: LineEnd): void
}

export type LineEnd =
  /** The executor closed it, or ended. */
  | { because: "closed" }
  /** The broker ended. */
  | { because: "lost"; reason: string }
