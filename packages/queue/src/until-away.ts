import type { QueueConnection } from "./connection.ts"

/** Longer than a failover takes as a rule, shorter than whoever stops a process waits before it kills. */
const GRACE_MS = 4_000
/** For what comes behind something that was given up, or is as good as done. */
export const SHORT_GRACE_MS = 500
const LOOK_EVERY_MS = 100

/**
 * Resolves with `work`, or when Redis has been away for `graceMs` (4 s): what closes properly has things to tell Redis, and would
 * wait for it as long as it takes. What is given up goes on unheard until the process ends.
 */
export async function untilAway(
  { commands }: Pick<QueueConnection, "commands">,
  work: Promise<void>,
  graceMs = GRACE_MS,
): Promise<void> {
  const { promise: isAway, resolve } = Promise.withResolvers<void>()
  let awaySince: number | undefined
  const timer = setInterval(() => {
    const isThere = commands.client.status === "ready" || commands.client.status === "end"
    if (isThere) awaySince = undefined
    else awaySince ??= performance.now()
    if (awaySince !== undefined && performance.now() - awaySince >= graceMs) resolve()
  }, LOOK_EVERY_MS)
  try {
    await Promise.race([work, isAway])
  } finally {
    clearInterval(timer)
    work.catch(() => undefined)
  }
}
