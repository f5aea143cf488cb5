import { setTimeout as sleep } from "node:timers/promises"
import { vi } from "vitest"
import { hookProcesses, type Service } from "../service.ts"
import type { Load } from "./load.ts"
import type { Random } from "./random.ts"
import type { RedisLink } from "./redis-link.ts"

/** What a fault may lay hands on. */
export interface World {
  service: Service
  /** The ways of the gateways and of the workers to Redis. */
  links: { gateway: RedisLink; worker: RedisLink }
  load: Load
  random: Random
  /** Epoch milliseconds. */
  gatewaysKilled: { url: string; at: number }[]
}

/** How many jobs fill a lane. */
export const LANE_LENGTH = 100

/** Ahead of or behind the others' by this, a worker still keeps every promise. */
const SKEWS_MS = [-2_000, -500, 500, 2_000]

const CLOCK = new URL("skewed-clock.ts", import.meta.url)
const PATIENCE = { timeout: 20_000, interval: 100 }

/** Does some harm and repairs it. */
type Fault = (world: World) => Promise<void>

export const FAULTS = {
  "worker killed": async ({ service, random }) => {
    const [first, second] = service.workers
    const victim = random.between(0, 1) === 0 ? first : second
    victim?.kill()
    await sleep(random.between(0, 1_000))
    await service.startWorker()
  },

  "executor killed": async ({ service, random }) => {
    const [, pid] = /^\s*(\d+)/.exec(random.pick(await hookProcesses(service)) ?? "") ?? []
    if (pid) process.kill(Number(pid), "SIGKILL")
  },

  "gateway killed": async ({ service, random, gatewaysKilled }) => {
    const victim = random.pick(service.gateways)
    if (!victim) return
    gatewaysKilled.push({ url: victim.api.url, at: Date.now() })
    victim.process.kill()
    await victim.process.exited
    await sleep(random.between(0, 1_000))
    await service.startGateway()
  },

  "Redis restarted": async ({ service, random }) => {
    await service.redis.stop()
    await sleep(random.between(0, 1_500))
    await service.redis.start()
  },

  "connections to Redis cut": (world) => disturb(world, (link) => link.cut(), 4_000),

  "Redis silent": (world) => disturb(world, (link) => link.silence(), 4_000),

  "Redis slow": (world) => disturb(world, (link) => link.delay(world.random.between(10, 150)), 4_000),

  "lane filled": async ({ service, load }) => {
    const lane = "/v1/queues/post-change-password"
    await vi.waitFor(() => service.api.post(`${lane}/pause`), PATIENCE)
    await load.fill("post-change-password", 2 * LANE_LENGTH)
    await vi.waitFor(() => service.api.post(`${lane}/resume`), PATIENCE)
  },

  "clock skewed": async ({ service, random }) => {
    const clock = `${CLOCK.href}?ms=${random.pick(SKEWS_MS)}`
    const worker = await service.startWorker({ nodeArgs: ["--import", clock] })
    await sleep(random.between(2_000, 4_000))
    worker.terminate()
    await worker.exited
  },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

async function disturb(
  { links, random }: World,
  harm: (link: RedisLink) => void,
  maxMs: number,
): Promise<void> {
  const link = random.between(0, 1) === 0 ? links.gateway : links.worker
  harm(link)
  await sleep(random.between(300, maxMs))
  link.mend()
}
