import type { CircuitSettings, Snapshot, TriggerId } from "@hooklane/core"
import { createBoundedMap } from "./bounded-map.ts"
import { type CircuitBreaker, type CircuitState, createCircuitBreaker } from "./circuit-breaker.ts"

export interface CircuitsDeps {
  settingsFor: (triggerId: TriggerId) => CircuitSettings
  now: () => number
  log: { warn(fields: object, message: string): void }
}

type Version = Pick<Snapshot, "hookId" | "versionId" | "triggerId">

/** The circuit of one version of a hook. */
export interface Circuit extends Version {
  breaker: CircuitBreaker
}

/** Far more than the hooks that are enabled at a time. */
const MAX_CIRCUITS = 200

/** The circuits of the hooks that this gateway calls; a new version begins with a new one. */
export function createCircuits({ settingsFor, now, log }: CircuitsDeps) {
  const byHook = createBoundedMap<string, Circuit>(MAX_CIRCUITS)

  function open({ hookId, versionId, triggerId }: Version): Circuit {
    const onChange = (state: CircuitState) =>
      log.warn({ hookId, versionId, triggerId, state }, "circuit changed")
    const breaker = createCircuitBreaker({ settings: settingsFor(triggerId), now, onChange })
    const circuit = { hookId, versionId, triggerId, breaker }
    byHook.set(hookId, circuit)
    return circuit
  }

  return {
    of(version: Version): CircuitBreaker {
      const known = byHook.get(version.hookId)
      return (known?.versionId === version.versionId ? known : open(version)).breaker
    },
    /** Undefined while this gateway has not called the hook. */
    find: (hookId: string): Circuit | undefined => byHook.get(hookId),
    list: (): Circuit[] => byHook.values(),
  }
}

export type Circuits = ReturnType<typeof createCircuits>
