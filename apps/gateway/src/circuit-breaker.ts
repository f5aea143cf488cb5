import type { CircuitSettings } from "@hooklane/core"

/** `closed`: calls pass. `open`: none does. `half_open`: a few try whether the hook works again. */
export const CIRCUIT_STATES = ["closed", "half_open", "open"] as const
export type CircuitState = (typeof CIRCUIT_STATES)[number]

/** What a call came to; `neither`: it says nothing of the hook. */
export type CallEnd = "succeeded" | "failed" | "neither"

/** A call that may be made. Its end has to be told. */
export interface AdmittedCall {
  end(end: CallEnd, durationMs: number): void
}

export interface CircuitView {
  state: CircuitState
  /** Of the window, while closed. */
  calls: number
  failures: number
  /** Calls that succeeded and took too long. */
  slow: number
  /** When the next probe may be made, while open. Epoch milliseconds. */
  probeAt?: number
}

export interface CircuitBreaker {
  /** Undefined: the call must not be made now. */
  admit(): AdmittedCall | undefined
  view(): CircuitView
}

export interface CircuitBreakerDeps {
  settings: CircuitSettings
  now: () => number
  onChange?: (state: CircuitState) => void
}

/** What has begun before a change of state says nothing of the time after it. */
type Phase =
  | { state: "closed"; window: CallWindow }
  | { state: "open"; probeAt: number }
  | { state: "half_open"; underWay: number; succeeded: number }

/** Leaves alone what fails too often or is too slow, and tries it again after a while. */
export function createCircuitBreaker({ settings, now, onChange }: CircuitBreakerDeps): CircuitBreaker {
  let phase: Phase = { state: "closed", window: createCallWindow(settings, now) }

  function change(next: Phase): void {
    phase = next
    onChange?.(next.state)
  }

  const open = () => change({ state: "open", probeAt: now() + settings.openMs })
  const close = () => change({ state: "closed", window: createCallWindow(settings, now) })

  function admit(): AdmittedCall | undefined {
    if (phase.state === "open") {
      if (now() < phase.probeAt) return undefined
      change({ state: "half_open", underWay: 0, succeeded: 0 })
    }
    const own = phase
    if (own.state === "half_open") {
      if (own.underWay + own.succeeded >= settings.probes) return undefined
      own.underWay += 1
    }
    return {
      end(end, durationMs) {
        if (phase === own) count(own, { end, isSlow: durationMs >= settings.slowMs })
      },
    }
  }

  function count(own: Phase, { end, isSlow }: { end: CallEnd; isSlow: boolean }): void {
    if (own.state === "closed" && end !== "neither") {
      own.window.add({ hasFailed: end === "failed", isSlow })
      if (isTooBad(own.window.sum(), settings)) open()
    }
    if (own.state !== "half_open") return
    own.underWay -= 1
    if (end === "neither") return
    if (end === "failed" || isSlow) open()
    else if (++own.succeeded >= settings.probes) close()
  }

  return {
    admit,
    view: () => ({
      state: phase.state,
      ...(phase.state === "closed" ? phase.window.sum() : NO_CALLS),
      ...(phase.state === "open" && { probeAt: phase.probeAt }),
    }),
  }
}

interface Calls {
  calls: number
  failures: number
  slow: number
}

const NO_CALLS: Calls = { calls: 0, failures: 0, slow: 0 }

function isTooBad({ calls, failures, slow }: Calls, settings: CircuitSettings): boolean {
  if (calls < settings.minCalls) return false
  return failures >= calls * settings.failureRatio || slow >= calls * settings.slowRatio
}

interface CallWindow {
  add(call: { hasFailed: boolean; isSlow: boolean }): void
  sum(): Calls
}

/** The window moves on in steps of this part of it. */
const STEPS = 10

function createCallWindow({ windowMs }: CircuitSettings, now: () => number): CallWindow {
  let steps: (Calls & { step: number })[] = []
  const currentStep = () => Math.floor(now() / (windowMs / STEPS))

  return {
    add({ hasFailed, isSlow }) {
      const step = currentStep()
      steps = steps.filter((one) => one.step > step - STEPS)
      const last = steps.at(-1)
      const into = last?.step === step ? last : { step, ...NO_CALLS }
      if (into !== last) steps.push(into)
      into.calls += 1
      into.failures += hasFailed ? 1 : 0
      into.slow += isSlow && !hasFailed ? 1 : 0
    },
    sum() {
      const oldest = currentStep() - STEPS
      const sum = { ...NO_CALLS }
      for (const { step, calls, failures, slow } of steps) {
        if (step <= oldest) continue
        sum.calls += calls
        sum.failures += failures
        sum.slow += slow
      }
      return sum
    },
  }
}
