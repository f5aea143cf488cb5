import { createBoundedMap } from "./bounded-map.ts"

/** More keys than any deployment has clients; a forgotten one starts with a full bucket. */
const MAX_KEYS = 10_000

export interface BucketOptions {
  /** Tokens of a full bucket. */
  burst: number
  /** Tokens that come back per second. */
  perSecond: number
  now: () => number
}

export interface BucketState {
  remaining: number
  /** When the bucket is full again, epoch milliseconds. */
  fullAt: number
  /** Until one token is there; 0 when there is. */
  waitMs: number
}

/** One token bucket per key, in the memory of this process. */
export function createTokenBuckets({ burst, perSecond, now }: BucketOptions) {
  const buckets = createBoundedMap<string, { tokens: number; at: number }>(MAX_KEYS)

  function tokensOf(key: string): number {
    const bucket = buckets.get(key)
    if (!bucket) return burst
    return Math.min(burst, bucket.tokens + ((now() - bucket.at) / 1000) * perSecond)
  }

  function stateOf(tokens: number): BucketState {
    return {
      remaining: Math.floor(tokens),
      fullAt: now() + msUntil(tokens, burst),
      waitMs: msUntil(tokens, 1),
    }
  }

  function msUntil(tokens: number, wanted: number): number {
    return (Math.max(0, wanted - tokens) / perSecond) * 1000
  }

  return {
    /** The state without taking a token. */
    look: (key: string): BucketState => stateOf(tokensOf(key)),
    /** Takes a token when there is one; the state after it says whether there was. */
    take(key: string): BucketState & { isTaken: boolean } {
      const tokens = tokensOf(key)
      const isTaken = tokens >= 1
      const left = isTaken ? tokens - 1 : tokens
      buckets.set(key, { tokens: left, at: now() })
      return { ...stateOf(left), isTaken }
    },
    /** Puts back a token that was taken. */
    giveBack(key: string): void {
      buckets.set(key, { tokens: Math.min(burst, tokensOf(key) + 1), at: now() })
    },
  }
}
