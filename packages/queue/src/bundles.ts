import type { QueueConnection } from "./connection.ts"

export interface BundlePublication {
  bundleId: string
  retentionDays: number
  /** The bundle's text; asked for only when Redis does not have it. */
  load(): Promise<string>
}

/**
 * Makes a bundle of npm packages available to workers for `retentionDays` from now; publishing it again begins anew.
 * Apart from the snapshots that name it: it may be a thousand times larger, and many versions share one.
 * @throws AppError redis_unavailable
 */
export async function publishBundle(
  { commands, prefix }: QueueConnection,
  { bundleId, retentionDays, load }: BundlePublication,
): Promise<void> {
  const key = bundleKey(prefix, bundleId)
  const seconds = retentionDays * 86_400
  const isThere = await commands.run((client) => client.expire(key, seconds))
  if (isThere) return
  const code = await load()
  await commands.run((client) => client.set(key, code, "EX", seconds))
}

/**
 * The published bundle, or undefined when there is none or it is past its time.
 * @throws AppError redis_unavailable
 */
export async function loadBundle(
  { commands, prefix }: QueueConnection,
  bundleId: string,
): Promise<string | undefined> {
  return (await commands.run((client) => client.get(bundleKey(prefix, bundleId)))) ?? undefined
}

function bundleKey(prefix: string, bundleId: string): string {
  return `${prefix}:bundle:${bundleId}`
}
