import { setTimeout as delay } from "node:timers/promises"
import { PlainError } from "../bootstrap/steps.mjs"
import { askRedis, type RedisAddress } from "./redis-address.ts"

const POLL_MS = 20
const SILENCE_LIMIT_MS = 20_000

/**
 * Resolves when Redis answers, however long it reads its append-only file before that.
 * @throws PlainError when it has been silent for 20 s, or `signal`'s reason
 */
export async function waitForRedis(
  address: RedisAddress,
  { signal, note }: { signal: AbortSignal; note?: (text: string) => void },
): Promise<void> {
  let silentSince = Date.now()
  let isLoading = false
  while (Date.now() - silentSince < SILENCE_LIMIT_MS) {
    signal.throwIfAborted()
    const state = await askRedis(address)
    if (state === "ready") return
    if (state === "loading") {
      silentSince = Date.now()
      if (!isLoading) note?.("reading the append-only file")
      isLoading = true
    }
    await delay(POLL_MS)
  }
  throw new PlainError(`Redis did not answer within ${SILENCE_LIMIT_MS / 1000} s`)
}

/**
 * Two servers on one append-only file would ruin it: the Redis of a launcher that was killed may need a moment to
 * write its last second and go.
 * @throws PlainError when it does not go
 */
export async function waitForPreviousRedis(address: RedisAddress): Promise<void> {
  if (!("socket" in address)) return
  for (const startedAt = Date.now(); Date.now() - startedAt < SILENCE_LIMIT_MS; await delay(POLL_MS)) {
    if ((await askRedis(address)) === "away") return
  }
  throw new PlainError(`Another Redis still runs on ${address.socket}`)
}
