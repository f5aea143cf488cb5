import { mkdir, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { openConnection } from "@hooklane/queue"
import { expect, vi } from "vitest"
import { spawnTethered, type Tethered } from "../scripts/launcher/tether.ts"
import { generatePassword } from "../scripts/redis/plan-redis.ts"
import { askRedis, freePort } from "../scripts/redis/redis-address.ts"
import { libraryEnv, type RedisProgram } from "../scripts/redis/redis-program.ts"
import { findRedisHere } from "../scripts/redis.ts"

/** Redis servers of which another takes over when the master dies. */
export interface RedisGroup {
  /** As REDIS_URL takes it. */
  url: string
  /** Resolves when a replica has all that was written until now. */
  replicated(): Promise<void>
  /** Kills the server that holds our keys, with no farewell. */
  killMaster(): Promise<void>
  stop(): Promise<void>
}

interface Server {
  port: number
  process: Tethered
}

const MASTER = "hooks"
/** Silence after which a server counts as dead; far shorter than one would have it in earnest. */
const DEAD_AFTER_MS = 1_000
const FORMING = { timeout: 20_000, interval: 100 }
const STOP_WITHIN_MS = 2_000

/** Undefined where Redis only comes in a container. */
export async function findBinary() {
  const program = await findRedisHere()
  return program.kind === "binary" ? program : undefined
}

type Binary = RedisProgram & { kind: "binary" }

/** A master, a replica, and three sentinels that watch them. */
export async function startSentinels(program: Binary, dir: string): Promise<RedisGroup> {
  const group = createGroup(program, dir)
  const master = await group.startServer()
  await group.startServer([`replicaof 127.0.0.1 ${master.port}`])
  const sentinels = await Promise.all([1, 2, 3].map(() => startSentinel(group, master.port)))
  for (const { port } of sentinels) {
    await group.ask(port, async (call) => {
      const info = await call("SENTINEL", "MASTER", MASTER)
      expect(info).toContain("num-other-sentinels,2")
      expect(info).toContain("num-slaves,1")
    })
  }
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`)
  return group.open(master, `redis+sentinel://:${group.password}@${hosts}/${MASTER}`)
}

async function startSentinel(group: Group, masterPort: number): Promise<Server> {
  const port = await freePort()
  // A sentinel writes what it learns into its configuration.
  const file = join(await group.newDir(port), "sentinel.conf")
  const lines = [
    ...listenOn(port),
    `sentinel monitor ${MASTER} 127.0.0.1 ${masterPort} 2`,
    `sentinel auth-pass ${MASTER} ${group.password}`,
    `sentinel down-after-milliseconds ${MASTER} ${DEAD_AFTER_MS}`,
    `sentinel failover-timeout ${MASTER} 3000`,
  ]
  await writeFile(file, `${lines.join("\n")}\n`)
  return group.spawn(port, [file, "--sentinel"])
}

/** Three masters that share the slots, and a replica of the one that holds our keys. */
export async function startCluster(program: Binary, dir: string): Promise<RedisGroup> {
  const group = createGroup(program, dir)
  const clustered = ["cluster-enabled yes", `cluster-node-timeout ${DEAD_AFTER_MS}`]
  const servers = await Promise.all([1, 2, 3, 4].map(() => group.startServer(clustered)))
  const [replica, ...masters] = servers
  if (!replica) throw new Error("A cluster needs servers")
  const slot = await group.ask(replica.port, (call) => call("CLUSTER", "KEYSLOT", "{hooklane}"))
  const share = Math.ceil(SLOTS / masters.length)
  for (const [index, { port }] of masters.entries()) {
    const slots = Array.from({ length: SLOTS }, (_, number) => String(number))
    await group.ask(port, (call) =>
      call("CLUSTER", "ADDSLOTS", ...slots.slice(index * share, (index + 1) * share)),
    )
    await group.ask(replica.port, (call) => call("CLUSTER", "MEET", "127.0.0.1", String(port)))
  }
  const master = masters[Math.floor(Number(slot) / share)]
  if (!master) throw new Error(`Nobody holds slot ${slot}`)
  const id = await group.ask(master.port, (call) => call("CLUSTER", "MYID"))
  await group.ask(replica.port, (call) => call("CLUSTER", "REPLICATE", id))
  for (const { port } of servers) {
    await group.ask(port, async (call) => {
      expect(await call("CLUSTER", "INFO")).toContain("cluster_state:ok")
      expect((await call("CLUSTER", "NODES")).match(/\bslave\b/g)).toHaveLength(1)
    })
  }
  const hosts = masters.map(({ port }) => `127.0.0.1:${port}`)
  return group.open(master, `redis+cluster://:${group.password}@${hosts}`)
}

const SLOTS = 16_384
/** A node of a cluster also listens on its port + 10,000. */
const HIGHEST_PORT = 55_535

type Group = ReturnType<typeof createGroup>
type Call = (...command: [string, ...string[]]) => Promise<string>

function createGroup(program: Binary, dir: string) {
  const password = generatePassword()
  const running: Tethered[] = []

  async function newDir(port: number): Promise<string> {
    const own = join(dir, String(port))
    await mkdir(own, { recursive: true })
    return own
  }

  async function spawn(port: number, args: string[], input?: string): Promise<Server> {
    const command = { command: program.path, args, env: libraryEnv(program), stopWithinMs: STOP_WITHIN_MS }
    const process = await spawnTethered({ ...command, ...(input && { input }) })
    running.push(process)
    process.stdout.resume()
    process.stderr.resume()
    return { port, process }
  }

  async function startServer(lines: string[] = []): Promise<Server> {
    const port = await freeLowPort()
    const own = [`dir ${await newDir(port)}`, `requirepass ${password}`, `masterauth ${password}`]
    const config = [...listenOn(port), ...own, 'save ""', "repl-diskless-sync-delay 0", ...lines]
    const server = await spawn(port, ["-"], `${config.join("\n")}\n`)
    await vi.waitFor(async () => expect(await askRedis({ port, password })).toBe("ready"), FORMING)
    return server
  }

  /** Asks one server, again until `question` is content. */
  async function ask<Result>(port: number, question: (call: Call) => Promise<Result>): Promise<Result> {
    const connection = openConnection({ url: `redis://:${password}@127.0.0.1:${port}`, prefix: "ask" })
    const call: Call = (...command) =>
      connection.commands.run(async (client) => String(await client.call(...command)))
    try {
      return await vi.waitFor(() => question(call), FORMING)
    } finally {
      await connection.close()
    }
  }

  function open(master: Server, url: string): RedisGroup {
    return {
      url,
      replicated: () =>
        ask(master.port, async (call) => {
          // What is written on this connection comes after all that was written before on others.
          await call("SET", "{hooklane}:replicated", "", "PX", "1000")
          expect(await call("WAIT", "1", "1000")).toBe("1")
        }),
      killMaster: async () => {
        master.process.kill()
        await master.process.exited
      },
      stop: async () => {
        for (const process of running) process.kill()
        await Promise.all(running.map(({ exited }) => exited))
      },
    }
  }

  return { password, newDir, spawn, startServer, ask, open }
}

function listenOn(port: number): string[] {
  return [`port ${port}`, "bind 127.0.0.1"]
}

async function freeLowPort(): Promise<number> {
  const port = await freePort()
  return port <= HIGHEST_PORT ? port : freeLowPort()
}
