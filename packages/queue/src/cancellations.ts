import type { QueueConnection } from "./connection.ts"

/** The reason with which the signal of an attempt aborts when nobody wants its execution any more. */
export const CANCELLED = "cancelled"

interface CancellationOptions {
  executionId: string
  /** How long a worker that gets the job later hears of it. */
  rememberMs: number
}

/**
 * Tells every worker that nobody wants the execution any more: one that runs it stops, and one that gets it after
 * that worker died does not begin.
 * @throws AppError redis_unavailable
 */
export async function announceCancellation(
  { prefix, commands }: QueueConnection,
  { executionId, rememberMs }: CancellationOptions,
): Promise<void> {
  await commands.run((client) =>
    Promise.all([
      client.set(cancellationKey(prefix, executionId), "", "PX", rememberMs),
      client.publish(cancellationChannel(prefix), executionId),
    ]),
  )
}

/** What a worker hears of cancellations. */
export interface Cancellations {
  /**
   * Calls `onCancel` when the execution is cancelled, or was a moment ago. Gives the function that ends it.
   * Nothing here waits for Redis: the first attempt of a job is on the way of every answer.
   */
  watch(executionId: string, onCancel: () => void): () => void
  /**
   * Whether it was cancelled before this worker could hear of it, as a job was whose worker died.
   * @throws AppError redis_unavailable
   */
  wasCancelled(executionId: string): Promise<boolean>
  close(): Promise<void>
}

// What was heard before its job came. A job is fetched over one connection and cancelled over another, so either
// may arrive first, but only by moments.
const MAX_HEARD = 1_000

/** Listens over a connection of its own, and begins as soon as Redis is there. */
export function openCancellations({ prefix, commands, log, openCommands }: QueueConnection): Cancellations {
  const watched = new Map<string, () => void>()
  const heard = new Set<string>()
  const { client } = openCommands("cancellations")

  /** It may be found and heard: whoever watches is told once. */
  function cancel(executionId: string): void {
    if (heard.has(executionId)) return
    heard.add(executionId)
    for (const oldest of heard) {
      if (heard.size <= MAX_HEARD) break
      heard.delete(oldest)
    }
    watched.get(executionId)?.()
  }

  /** What was announced while nobody listened is found under its keys. */
  async function catchUp(): Promise<void> {
    await client.subscribe(cancellationChannel(prefix))
    const running = [...watched.keys()]
    if (running.length === 0) return
    const keys = running.map((id) => cancellationKey(prefix, id))
    const found = await commands.run((shared) => shared.mget(keys))
    for (const [index, id] of running.entries()) if (found[index] !== null) cancel(id)
  }

  client.on("message", (_channel, executionId) => cancel(executionId))
  client.on("ready", () => {
    catchUp().catch((err) => log.warn({ err }, "cancellations are not heard"))
  })

  return {
    watch: (executionId, onCancel) => {
      watched.set(executionId, onCancel)
      if (heard.has(executionId)) onCancel()
      return () => void watched.delete(executionId)
    },
    wasCancelled: async (executionId) => {
      const found = await commands.run((shared) => shared.exists(cancellationKey(prefix, executionId)))
      return found === 1
    },
    close: async () => client.disconnect(),
  }
}

function cancellationKey(prefix: string, executionId: string): string {
  return `${prefix}:cancelled:${executionId}`
}

function cancellationChannel(prefix: string): string {
  return `${prefix}:cancellations`
}
