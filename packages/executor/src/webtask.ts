import type { RunTask } from "./run-task.ts"

/** The members of `context.webtask` that the worker knows; the event joins them inside the hook's context. */
export function webtaskOf({ snapshot, secrets, executionId, attempt }: RunTask): object {
  return {
    secrets,
    data: {},
    headers: {},
    id: snapshot.hookId,
    meta: {},
    params: {},
    query: {},
    executionId,
    attempt,
  }
}
