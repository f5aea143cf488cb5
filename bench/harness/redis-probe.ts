import { setTimeout as delay } from "node:timers/promises"
import { openConnection } from "@hooklane/queue"

/** A look into a contestant's Redis from outside. */
export interface RedisProbe {
  usedBytes(): Promise<number>
  /** Resolves when the list is empty. @throws Error when it is not within `patienceMs` */
  untilEmpty(list: string, patienceMs: number): Promise<void>
  close(): Promise<void>
}

export function openProbe(url: string): RedisProbe {
  const connection = openConnection({ url, prefix: "bench" })
  const { run } = connection.commands
  return {
    usedBytes: async () =>
      Number(/^used_memory:(\d+)/m.exec(await run((client) => client.info("memory")))?.[1]),
    untilEmpty: async (list, patienceMs) => {
      const giveUpAt = Date.now() + patienceMs
      while ((await run((client) => client.llen(list))) > 0) {
        if (Date.now() > giveUpAt) throw new Error(`${list} is not empty after ${patienceMs} ms`)
        await delay(50)
      }
    },
    close: connection.close,
  }
}
