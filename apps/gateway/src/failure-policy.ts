import { type AnsweredBy, type Failure, type Json, parseDirectives } from "@hooklane/core"

/** What the caller of a synchronous hook is answered when the hook fails, and whether it has a circuit. */
export type FailurePolicy = { hasCircuit: boolean } & (
  | { onFailure: "closed" }
  | { onFailure: "open" }
  | { onFailure: "fallback"; result: Json }
)

/** Stands beside an answer that is not the hook's. */
export interface PolicyNote {
  onFailure: AnsweredBy
  failure: Failure
  message: string
}

/** What a script says of its own failures. A script that cannot be understood fails closed. */
export function readFailurePolicy(script: string): FailurePolicy {
  const parsed = parseDirectives(script)
  if (parsed.fault !== undefined) return { onFailure: "closed", hasCircuit: false }
  const { "on-failure": onFailure = "closed", fallback, circuit } = parsed.directives
  if (fallback !== undefined) {
    return { onFailure: "fallback", result: JSON.parse(fallback), hasCircuit: circuit !== "off" }
  }
  return { onFailure, hasCircuit: circuit ? circuit === "on" : onFailure === "open" }
}
