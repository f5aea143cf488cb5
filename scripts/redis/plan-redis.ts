import { createHash, randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import type { TetheredCommand } from "../launcher/tether.ts"
import { freePort, type RedisAddress } from "./redis-address.ts"
import { libraryEnv, type RedisProgram, runTool } from "./redis-program.ts"

export interface RedisSettings {
  /** Folder of the socket and, when persistent, of the append-only file. Made when missing. */
  dir: string
  persistence: "append_only" | "none"
}

/** How a private Redis will be started, and where it will then listen. */
export interface RedisPlan {
  address: RedisAddress
  command: TetheredCommand
}

/** macOS allows 104 bytes for the path of a unix socket, Linux 108; both count a closing zero. */
const MAX_SOCKET_PATH_BYTES = 103

/** The last version under a BSD licence. */
const IMAGE = "redis:7.2-alpine"

/** Long enough to write out what the append-only file lacks. */
const STOP_WITHIN_MS = 10_000

/** Decides address and command line; starts nothing. The same plan may be started again after a crash. */
export async function planRedis(program: RedisProgram, settings: RedisSettings): Promise<RedisPlan> {
  const dir = resolve(settings.dir)
  await mkdir(dir, { recursive: true, mode: 0o700 })
  return program.kind === "binary"
    ? planBinary(program, { ...settings, dir })
    : planContainer(program, { ...settings, dir })
}

async function planBinary(
  program: RedisProgram & { kind: "binary" },
  settings: RedisSettings,
): Promise<RedisPlan> {
  const socket = join(settings.dir, "redis.sock")
  const address = Buffer.byteLength(socket) <= MAX_SOCKET_PATH_BYTES ? { socket } : await loopbackAddress()
  const listen =
    "socket" in address
      ? [`unixsocket ${quote(address.socket)}`, "unixsocketperm 600", "port 0"]
      : [`port ${address.port}`, "bind 127.0.0.1", `requirepass ${address.password}`]
  return {
    address,
    command: {
      command: program.path,
      args: ["-"],
      env: libraryEnv(program),
      input: config([...listen, `dir ${quote(settings.dir)}`], settings),
      stopWithinMs: STOP_WITHIN_MS,
    },
  }
}

async function planContainer(
  program: RedisProgram & { kind: "container" },
  settings: RedisSettings,
): Promise<RedisPlan> {
  const address = await loopbackAddress()
  const name = `hooklane-redis-${createHash("sha256").update(settings.dir).digest("hex").slice(0, 12)}`
  const owner = process.getuid && process.getgid ? [`--user=${process.getuid()}:${process.getgid()}`] : []
  const publish = `--publish=127.0.0.1:${address.port}:6379`
  const volume = `--volume=${settings.dir}:/data`
  // A launcher that was killed may have left its container behind.
  await runTool(
    { path: process.env["PATH"] ?? "" },
    { file: program.docker, args: ["rm", "--force", name], timeoutMs: 30_000 },
  )
  return {
    address,
    command: {
      command: program.docker,
      args: [
        "run",
        "--rm",
        "--interactive",
        `--name=${name}`,
        publish,
        volume,
        ...owner,
        IMAGE,
        "redis-server",
        "-",
      ],
      env: { PATH: process.env["PATH"] ?? "", HOME: process.env["HOME"] ?? "" },
      input: config(["port 6379", `requirepass ${address.password}`, "dir /data"], settings),
      stopWithinMs: STOP_WITHIN_MS,
    },
  }
}

/** Read from standard input, so that the password is in no process list. */
function config(lines: readonly string[], { persistence }: RedisSettings): string {
  const common = [
    'save ""',
    `appendonly ${persistence === "append_only" ? "yes" : "no"}`,
    "appendfsync everysec",
    "maxmemory-policy noeviction",
    "loglevel notice",
  ]
  return `${[...lines, ...common].join("\n")}\n`
}

async function loopbackAddress(): Promise<{ port: number; password: string }> {
  return { port: await freePort(), password: randomBytes(24).toString("hex") }
}

function quote(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&")}"`
}
