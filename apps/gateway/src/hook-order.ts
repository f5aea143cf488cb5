import { type Config, parseDirectives, type Snapshot, type TriggerId } from "@hooklane/core"
import { findEnabledSnapshots, type Storage } from "@hooklane/storage"

export interface HookOrderDeps {
  storage: Storage
  config: Pick<Config, "chains">
}

/**
 * The enabled hooks of a trigger as they run: by `order`, then by age. Where the trigger has no chain it is one at
 * most, also when several were enabled while it had one.
 */
export async function findHooksInOrder(
  { storage, config }: HookOrderDeps,
  triggerId: TriggerId,
): Promise<Snapshot[]> {
  const enabled = await findEnabledSnapshots(storage, triggerId)
  const inOrder = enabled.toSorted((one, other) => orderOf(one) - orderOf(other))
  return config.chains.includes(triggerId) ? inOrder : inOrder.slice(0, 1)
}

function orderOf({ script }: Snapshot): number {
  const parsed = parseDirectives(script)
  return parsed.fault === undefined ? Number(parsed.directives.order ?? 0) : 0
}
