import type { QueueConnection } from "./connection.ts"

/** Whether a gateway of this deployment has ever had hooks in its database, and they were not all deleted since. */
export async function hadHooks({ commands, prefix }: QueueConnection): Promise<boolean> {
  return (await commands.run((client) => client.get(keyOf(prefix)))) !== null
}

/** Remembers it for the gateways to come, or forgets it. @throws AppError redis_unavailable */
export async function noteHooks(
  { commands, prefix }: QueueConnection,
  state: "some" | "none",
): Promise<void> {
  const key = keyOf(prefix)
  await commands.run<unknown>((client) => (state === "some" ? client.set(key, "1") : client.del(key)))
}

function keyOf(prefix: string): string {
  return `${prefix}:had-hooks`
}
