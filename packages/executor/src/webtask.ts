import type { RunTask } from "./run-task.ts"

/**
 * The members of `context.webtask` that the worker knows; the event and the storage join them in the hook's
 * thread. Webtask put parameters, query and secrets together in `data`; here are only secrets.
 */
export function webtaskOf({ snapshot, secrets, executionId, attempt }: RunTask): object {
  return {
    secrets,
    data: secrets,
    headers: {},
    id: snapshot.hookId,
    meta: metaOf(snapshot),
    params: {},
    query: {},
    executionId,
    attempt,
  }
}

/** What the original kept about the hook itself, by the names that it had there. */
function metaOf({ hookName, triggerId }: RunTask["snapshot"]): object {
  return {
    "auth0-extension": "runtime",
    "auth0-extension-name": triggerId,
    ...(hookName !== undefined && { "hook-name": hookName }),
  }
}
