import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync } from "node:fs"
import { rm } from "node:fs/promises"
import { join, resolve } from "node:path"

export interface PrivateRedis {
  /** `unix://` address, as REDIS_URL takes it. */
  url: string
  pid: number
  close(): Promise<void>
}

export interface PrivateRedisOptions {
  /** Folder of the socket and, when persistent, of the append-only file. Made when missing. */
  dir: string
  persistence: "append_only" | "none"
}

/** Starts a Redis that belongs to this process and listens on a unix socket in `dir` only. */
export async function startRedis({ dir, persistence }: PrivateRedisOptions): Promise<PrivateRedis> {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  const socket = join(resolve(dir), "redis.sock")
  await rm(socket, { force: true })
  const args = [
    "--port",
    "0",
    "--unixsocket",
    socket,
    "--dir",
    resolve(dir),
    "--save",
    "",
    "--appendonly",
    persistence === "append_only" ? "yes" : "no",
    "--maxmemory-policy",
    "noeviction",
    "--loglevel",
    "warning",
  ]
  const child = spawn("redis-server", args, { stdio: "ignore" })
  await ready(child, socket)
  return { url: `unix://${socket}`, pid: child.pid ?? 0, close: () => stop(child) }
}

async function ready(child: ChildProcess, socket: string): Promise<void> {
  for (let waitedMs = 0; waitedMs < 10_000; waitedMs += 20) {
    if (child.exitCode !== null) throw new Error(`redis-server exited with ${child.exitCode}`)
    if (existsSync(socket)) return
    await new Promise((done) => setTimeout(done, 20))
  }
  throw new Error("redis-server did not open its socket within 10 s")
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, "exit")
  child.kill("SIGTERM")
  await exited
}
