import type { Writable } from "node:stream"
import type { Redis } from "ioredis"
import { atTurnEnd } from "./turn-end.ts"

/**
 * Sends what `client` writes within one turn of the event loop as one packet. Worth 10 to 25 % under load,
 * because each write is a system call here and a read there; a lone command leaves in the same turn.
 */
export function corkWrites(client: Redis): void {
  client.on("connect", () => corkTurns(client.stream))
}

function corkTurns(stream: Writable): void {
  const write = stream.write
  let isCorked = false
  stream.write = (...args: unknown[]) => {
    if (!isCorked) {
      isCorked = true
      stream.cork()
      atTurnEnd(() => {
        isCorked = false
        stream.uncork()
      })
    }
    return Reflect.apply(write, stream, args)
  }
}
