import { AppError } from "@hooklane/core"
import { type Client, findClient, revokeClient, type Storage, verifyClient } from "@hooklane/storage"
import { createBoundedMap } from "./bounded-map.ts"
import { ownerOf } from "./caller-origin.ts"
import { idSchema } from "./id-schema.ts"
import { createLastKnown } from "./last-known.ts"
import { createTokenBuckets } from "./token-bucket.ts"
import { createTurns } from "./turns.ts"

/** How long a client that another gateway revoked may still be let in. */
const ACTIVE_TTL_MS = 5_000
/** How long a client is let in, while the database is away, that was in good standing when it last could be asked. */
const KEEP_MS = 600_000
const MAX_KNOWN_CLIENTS = 10_000
/** Wrong secrets per address and id: ten at once, then one every six seconds. */
const FAILED_LOGINS = { burst: 10, perSecond: 1 / 6 }
/** Secrets that were stored before hashes were fast take 80 ms of another thread each, and 32 MiB. */
const SLOW_CHECKS_AT_ONCE = 2
/** Two seconds' worth. */
const MAX_SLOW_CHECKS = 50

export interface Login {
  id: string
  secret: string
  /** Where it comes from. */
  address: string
}

/** Knows which clients may come in: by secret when they ask for a token, by id when they show one. */
export function createClientRegistry({ storage, now }: { storage: Storage; now: () => number }) {
  const failures = createTokenBuckets({ ...FAILED_LOGINS, now })
  const known = createBoundedMap<string, ReturnType<typeof createLastKnown<boolean>>>(MAX_KNOWN_CLIENTS)
  const slowTurn = createTurns(SLOW_CHECKS_AT_ONCE)
  let slowChecks = 0

  function standingOf(id: string) {
    const load = async () => (await findClient(storage, id)) !== undefined
    const standing = known.get(id) ?? createLastKnown({ load, now, keepMs: KEEP_MS })
    known.set(id, standing)
    return standing
  }

  /** Only of these somebody may have to wait: a check that costs nothing is made however many failed before. */
  async function slowly(key: string, check: () => Promise<boolean>): Promise<boolean> {
    refuseUntil(failures.look(key).waitMs)
    if (slowChecks >= MAX_SLOW_CHECKS) refuseUntil(1_000)
    slowChecks += 1
    try {
      return await slowTurn(check)
    } finally {
      slowChecks -= 1
    }
  }

  return {
    /**
     * The right secret always gets in. Wrong ones are counted by address and id.
     * @throws AppError access_denied; too_many_attempts after too many wrong secrets
     */
    async login({ id, secret, address }: Login): Promise<Client> {
      const key = `${ownerOf(address)} ${id}`
      const client = idSchema.safeParse(id).success
        ? await verifyClient(storage, { id, secret }, (check) => slowly(key, check))
        : undefined
      if (client) return client
      const { isTaken, waitMs } = failures.take(key)
      if (!isTaken) refuseUntil(waitMs)
      throw new AppError("access_denied", "Unauthorized")
    },

    isActive: (id: string): Promise<boolean> => standingOf(id).get(ACTIVE_TTL_MS),

    /** Ends the client; its tokens stop working here at once. @throws AppError client_not_found */
    async revoke(id: string): Promise<void> {
      await revokeClient(storage, id)
      standingOf(id).set(false)
    },
  }
}

function refuseUntil(waitMs: number): void {
  if (waitMs === 0) return
  throw new AppError("too_many_attempts", "Too many failed attempts", { retryAfterSeconds: waitMs / 1_000 })
}

export type ClientRegistry = ReturnType<typeof createClientRegistry>
