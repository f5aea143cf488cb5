import type { QueueConnection } from "./connection.ts"

/**
 * Whether it is this process's turn to do `task`: of all that ask within `forMs`, one is told so.
 * @throws AppError redis_unavailable
 */
export async function takeTurn(
  { commands, prefix }: QueueConnection,
  { task, forMs }: { task: string; forMs: number },
): Promise<boolean> {
  const taken = await commands.run((client) => client.set(`${prefix}:turn:${task}`, "", "PX", forMs, "NX"))
  return taken === "OK"
}
