import { z } from "zod"
import { type Commands, isRedisTrouble } from "./commands.ts"
import type { Log } from "./log.ts"
import { createScript } from "./script.ts"

/** The locks of the jobs that a consumer has in hand. */
export interface LockKeeper {
  /** Keeps the lock of a job until the release is called. */
  hold(jobId: string, token: string): () => void
  close(): void
}

export interface LockKeeperOptions {
  commands: Commands
  toKey(name: string): string
  lockMs: number
  log: Log
}

/** Of its length, after which a lock is renewed: a consumer may be late by the other four. */
const RENEWAL_SHARE = 0.2

// BullMQ's own renewal begins with a SET, which a Redis without memory refuses, so that its jobs would run again. The
// first write decides: after an SREM the rest is done. A lock that ran out is taken again while nobody has the job.
const renew = createScript(`
  local lost = {}
  for i = 2, #ARGV, 3 do
    local lock, id, token = unpack(ARGV, i, i + 2)
    local holder = redis.call("GET", lock)
    if holder == token or (not holder and redis.call("LPOS", KEYS[2], id)) then
      redis.call("SREM", KEYS[1], id)
      redis.call("SET", lock, token, "PX", ARGV[1])
    else
      lost[#lost + 1] = id
    end
  end
  return lost`)

/** Renews the locks of a consumer's jobs, together. */
export function keepLocks({ commands, toKey, lockMs, log }: LockKeeperOptions): LockKeeper {
  const tokens = new Map<string, string>()
  const keys = [toKey("stalled"), toKey("active")]

  async function renewAll(): Promise<void> {
    const held = [...tokens].flatMap(([id, token]) => [`${toKey(id)}:lock`, id, token])
    const lost = z
      .array(z.string())
      .parse(await commands.run((client) => renew(client, keys, [lockMs, ...held])))
    const jobIds = lost.filter((id) => tokens.delete(id))
    if (jobIds.length > 0)
      log.warn({ jobIds }, "jobs were given to another worker, because this one was too late")
  }

  const timer = setInterval(() => {
    if (tokens.size === 0) return
    renewAll().catch((err) => {
      // What the connection has to say it reports itself.
      if (!isRedisTrouble(err.cause ?? err)) log.warn({ err }, "locks could not be renewed")
    })
  }, lockMs * RENEWAL_SHARE)
  timer.unref()

  return {
    hold(jobId, token) {
      tokens.set(jobId, token)
      return () => {
        if (tokens.get(jobId) === token) tokens.delete(jobId)
      }
    },
    close: () => clearInterval(timer),
  }
}
