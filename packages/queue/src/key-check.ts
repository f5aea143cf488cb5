import { setTimeout as sleep } from "node:timers/promises"
import { AppError } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import { z } from "zod"
import { execPipeline } from "./commands.ts"
import type { QueueConnection } from "./connection.ts"
import { readLiving } from "./read-living.ts"

/** What a process says of its key ring: ids, which are digests, and never the keys. */
const ringSchema = z.strictObject({ sealsWith: z.string(), opens: z.array(z.string()) })
type Ring = z.infer<typeof ringSchema>

export interface KeyCheckOptions {
  /** Of this process. */
  id: string
  keyRing: KeyRing
  /** How long others may be in the way: one that died is heard of for 8 s. Default 10,000. */
  patienceMs?: number
  /** Told once when another key has come into use here that this process does not have. */
  onMisfit?: (error: AppError) => void
}

const BEAT_MS = 2_000
const PATIENCE_MS = 10_000
const LOOK_AGAIN_MS = 500
/** Beats without a word after which a process counts as gone. */
const BEATS_ALLOWED = 4

const CONTEXT = "key-check"

/**
 * Makes sure that the key ring of this process fits those of all others on this Redis: it opens what was sealed here
 * last, every other process opens what it will seal, and it opens what they seal. Until `close` the others can see so,
 * and `onMisfit` is told when the key was changed while this process could not be seen, as one that stood still.
 * @throws AppError invalid_setting with the way out when it does not fit; redis_unavailable
 */
export async function joinKeys(
  connection: QueueConnection,
  { id, keyRing, patienceMs = PATIENCE_MS, onMisfit = () => {} }: KeyCheckOptions,
): Promise<{ close(): Promise<void> }> {
  const { commands, prefix } = connection
  const ring: Ring = { sealsWith: keyRing.keyId, opens: [...keyRing.keyIds] }
  const sealed = keyRing.seal("", CONTEXT)
  await checkSealed(connection, keyRing)
  await checkOthers(connection, ring, Date.now() + patienceMs)

  const announce = () =>
    commands.run((client) =>
      execPipeline(
        client
          .pipeline()
          .set(ringKey(prefix, id), JSON.stringify(ring), "PX", BEATS_ALLOWED * BEAT_MS)
          .sadd(ringIds(prefix), id)
          // A Redis that came back empty has none.
          .setnx(checkKey(prefix), sealed),
      ),
    )
  await announce()
  await commands.run((client) => client.set(checkKey(prefix), sealed))
  const beat = async () => {
    // First: what does not fit must not look as if it was among the living.
    await checkSealed(connection, keyRing)
    await announce()
  }
  const timer = setInterval(() => {
    beat().catch((error: unknown) => {
      // The connection reports when Redis is away.
      if (!(error instanceof AppError) || error.code !== "invalid_setting") return
      clearInterval(timer)
      onMisfit(error)
    })
  }, BEAT_MS)
  timer.unref()
  return {
    async close() {
      clearInterval(timer)
      await Promise.allSettled([commands.run((client) => client.del(ringKey(prefix, id)))])
    },
  }
}

async function checkSealed({ commands, prefix }: QueueConnection, keyRing: KeyRing): Promise<void> {
  const sealed = await commands.run((client) => client.get(checkKey(prefix)))
  if (sealed === null) return
  try {
    keyRing.open(sealed, CONTEXT)
  } catch (cause) {
    const needed = sealed.slice(0, sealed.indexOf("."))
    throw new AppError(
      "invalid_setting",
      `The master key does not fit: what waits in Redis was sealed with key ${needed}, and this process has ` +
        `${keyRing.keyIds.join(", ")}. Give it the key of the other processes (HOOKLANE_MASTER_KEY, or master.key in ` +
        "the data folder). If that key is lost, what it sealed is lost as well: start with an empty data folder and " +
        "another HOOKLANE_REDIS_PREFIX.",
      { cause },
    )
  }
}

async function checkOthers(connection: QueueConnection, own: Ring, giveUpAt: number): Promise<void> {
  const { prefix } = connection
  for (;;) {
    const others = await readLiving(connection, {
      idsKey: ringIds(prefix),
      keyOf: (id) => ringKey(prefix, id),
      schema: ringSchema,
      complaint: "key ring does not parse",
    })
    try {
      for (const other of others) checkOther(own, other)
      return
    } catch (error) {
      if (Date.now() >= giveUpAt) throw error
      await sleep(LOOK_AGAIN_MS)
    }
  }
}

function checkOther(own: Ring, other: Ring): void {
  if (!other.opens.includes(own.sealsWith))
    throw new AppError(
      "invalid_setting",
      `Another process cannot open what this one would seal with key ${own.sealsWith}. To rotate the master key, ` +
        "give every process HOOKLANE_MASTER_KEY=<old>,<new> first, and <new>,<old> when all have it.",
    )
  if (!own.opens.includes(other.sealsWith))
    throw new AppError(
      "invalid_setting",
      `Another process seals with key ${other.sealsWith}, which this one does not have. Its HOOKLANE_MASTER_KEY must ` +
        "hold the keys of all processes, separated by commas.",
    )
}

function checkKey(prefix: string): string {
  return `${prefix}:key-check`
}

function ringKey(prefix: string, id: string): string {
  return `${prefix}:key-ring:${id}`
}

function ringIds(prefix: string): string {
  return `${prefix}:key-rings`
}
