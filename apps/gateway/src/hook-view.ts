import type { Hook } from "@hooklane/core"

/** A hook as POST and PATCH answer it. The order of the keys is Auth0's, everywhere here. */
export function viewSavedHook({ id, name, script, dependencies, triggerId, enabled }: Hook): Hook {
  return { id, name, script, dependencies, triggerId, enabled }
}

/** A hook as GET answers it: with the asked fields only, or without them; all of it when none is asked. */
export function viewFields(
  hook: Hook,
  { fields, include_fields: isIncluded }: { fields?: string | undefined; include_fields: boolean },
): Partial<Hook> {
  const all = viewHook(hook)
  if (fields === undefined) return all
  const asked = new Set(fields.split(","))
  return Object.fromEntries(Object.entries(all).filter(([key]) => asked.has(key) === isIncluded))
}

function viewHook({ id, name, script, dependencies, enabled, triggerId }: Hook): Hook {
  return { id, name, script, dependencies, enabled, triggerId }
}
