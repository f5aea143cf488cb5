import { connect } from "node:net"
import { setTimeout as sleep } from "node:timers/promises"
import { connect as connectTls } from "node:tls"
import type { ClusterTarget, HostAndPort } from "@hooklane/core"
import { AbstractConnector, Redis, type RedisOptions } from "ioredis"
import { z } from "zod"

const TRY_AGAIN_MS = 500
const DISCONNECT_MS = 2_000

/** First slot, last slot, then its master and replicas; a host that is not told is the one that was asked. */
const nodeSchema = z.tuple([z.string().nullable(), z.int()]).rest(z.unknown())
const slotsSchema = z.array(z.tuple([z.int(), z.int(), nodeSchema]).rest(nodeSchema))

/**
 * What connects an ioredis client to the master of the slot of `key`. ioredis asks it anew for each connection, so a
 * failover leads to the next master. ioredis' own Cluster is not used: a client for commands of many slots, it has no
 * one connection on which a transaction, a blocking read or a packet of commands could be relied on.
 */
export function slotOwnerConnector(target: ClusterTarget, key: string, askNode: RedisOptions) {
  let known = target.nodes

  /** Asks one node after the other, those that the last answer told of first. */
  async function find(): Promise<HostAndPort> {
    let trouble: unknown
    for (const node of known) {
      try {
        const { owner, nodes } = await ask(node, key, askNode)
        known = unique([...nodes, ...target.nodes])
        return owner
      } catch (error) {
        trouble = error
      }
    }
    throw new Error("No node of the Redis cluster says where our keys are", { cause: trouble })
  }

  // The library wants a class.
  return class SlotOwnerConnector extends AbstractConnector {
    constructor() {
      super(DISCONNECT_MS)
    }

    /** Rejects only when the client was closed meanwhile: after that it would never try again. */
    async connect(emit: (type: string, error: Error) => void) {
      this.connecting = true
      for (;;) {
        const owner = await find().catch((error: Error) => void emit("error", error))
        if (!this.connecting) throw new Error("Connection is closed.")
        if (owner) return this.open(owner)
        await sleep(TRY_AGAIN_MS)
      }
    }

    private open(owner: HostAndPort) {
      const stream = target.isTls ? connectTls(owner) : connect(owner)
      stream.once("error", (error) => {
        this.firstError = error
      })
      this.stream = stream
      return stream
    }
  }
}

async function ask(node: HostAndPort, key: string, options: RedisOptions) {
  const client = new Redis({
    ...options,
    ...node,
    lazyConnect: true,
    retryStrategy: null,
    enableReadyCheck: false,
  })
  // The command tells.
  client.on("error", () => {})
  try {
    const slot = z.int().parse(await client.cluster("KEYSLOT", key))
    const ranges = slotsSchema.parse(await client.cluster("SLOTS"))
    const owning = ranges.find(([first, last]) => first <= slot && slot <= last)
    if (!owning) throw new Error(`Nobody serves slot ${slot}`)
    const place = ([host, port]: z.infer<typeof nodeSchema>) => ({ host: host || node.host, port })
    return { owner: place(owning[2]), nodes: ranges.flatMap(([, , ...nodes]) => nodes.map(place)) }
  } finally {
    client.disconnect()
  }
}

function unique(nodes: HostAndPort[]): HostAndPort[] {
  return [...new Map(nodes.map((node) => [`${node.host} ${node.port}`, node])).values()]
}
