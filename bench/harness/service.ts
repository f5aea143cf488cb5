import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { generateMasterKey } from "@hooklane/core/keyring"
import { z } from "zod"
import { type BenchProcess, startProcess } from "./bench-process.ts"
import { type Contestant, layGround } from "./contestant.ts"
import { encodeRequest } from "./http-connection.ts"
import { ASYNC_HOOK, asyncEvent, SYNC_HOOK, syncEvent } from "./workload.ts"

export interface ServiceOptions {
  workers?: number
  asyncHook?: string
  /** Further settings. */
  env?: Record<string, string>
  /** Called with the data folder before anything runs on it. */
  prepare?: (place: { dataDir: string; masterKey: string }) => Promise<void>
  /** Writes a CPU profile of each process into this folder. */
  profileDir?: string | undefined
}

const tokenSchema = z.object({ access_token: z.string() })

const READY_WITHIN_MS = 30_000

export interface Service extends Contestant {
  /** Stops the lane of the asynchronous hook, or lets it go on. */
  switchAsyncLane(to: "pause" | "resume"): Promise<unknown>
}

/** Starts the service with the settings that a user gets: containment, encryption, history and logs are on. */
export async function startService(options: ServiceOptions = {}): Promise<Service> {
  const ground = await layGround()
  const env = {
    PORT: "0",
    HOOKLANE_DATA_DIR: join(ground.dir, "data"),
    HOOKLANE_MASTER_KEY: generateMasterKey(),
    REDIS_URL: ground.redis.url,
    ...options.env,
  }
  const nodeArgs = options.profileDir ? ["--cpu-prof", `--cpu-prof-dir=${options.profileDir}`] : []
  const started: BenchProcess[] = []
  const start = async (app: "gateway" | "worker") => {
    const file = join(import.meta.dirname, `../../apps/${app}/src/main.ts`)
    const process = await startProcess({ file, env, nodeArgs })
    started.push(process)
    return process.pid
  }
  const close = async () => {
    await Promise.all(started.map((process) => process.close()))
    await ground.clear()
  }
  try {
    await options.prepare?.({ dataDir: env.HOOKLANE_DATA_DIR, masterKey: env.HOOKLANE_MASTER_KEY })
    const gateway = await start("gateway")
    const workers = await Promise.all(Array.from({ length: options.workers ?? 1 }, () => start("worker")))
    const { url, token } = await untilReady(env.HOOKLANE_DATA_DIR, started)
    await createHook(url, token, { name: "sync", triggerId: "credentials-exchange", script: SYNC_HOOK })
    const script = options.asyncHook ?? ASYNC_HOOK
    await createHook(url, token, { name: "async", triggerId: "post-user-registration", script })
    return {
      name: "ours",
      port: Number(new URL(url).port),
      syncRequest: eventRequest("credentials-exchange", token, syncEvent()),
      asyncRequest: eventRequest("post-user-registration", token, asyncEvent()),
      redisUrl: ground.redis.url,
      asyncWaitKey: "hooklane:post-user-registration:wait",
      pids: { gateway, workers, redis: ground.redis.pid },
      switchAsyncLane: (to) => post(`${url}/v1/queues/post-user-registration/${to}`, {}, token),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function eventRequest(triggerId: string, token: string, body: object): Buffer {
  return encodeRequest(`/v1/triggers/${triggerId}/events`, { token, body })
}

async function untilReady(dataDir: string, processes: BenchProcess[]) {
  const giveUpAt = Date.now() + READY_WITHIN_MS
  await Promise.all(processes.map(({ firstLine }) => firstLine))
  for (;;) {
    try {
      const { url, clientId, clientSecret } = JSON.parse(
        await readFile(join(dataDir, "credentials.json"), "utf8"),
      )
      const ready = await fetch(`${url}/readyz`)
      if (!ready.ok) throw new Error(await ready.text())
      return { url, token: await signIn(url, clientId, clientSecret) }
    } catch (error) {
      if (Date.now() > giveUpAt) throw error
      await delay(50)
    }
  }
}

async function signIn(url: string, clientId: string, clientSecret: string): Promise<string> {
  const answer = await post(`${url}/oauth/token`, {
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  })
  return tokenSchema.parse(answer).access_token
}

async function createHook(
  url: string,
  token: string,
  hook: { name: string; triggerId: string; script: string },
) {
  await post(`${url}/api/v2/hooks`, { ...hook, enabled: true }, token)
}

async function post(url: string, body: object, token?: string): Promise<unknown> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
    body: JSON.stringify(body),
  })
  if (!answer.ok) throw new Error(`POST ${url}: ${answer.status} ${await answer.text()}`)
  return answer.json()
}
