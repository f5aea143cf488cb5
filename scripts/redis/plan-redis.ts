import { createHash, randomBytes } from "node:crypto"
import { mkdir } from "node:fs/promises"
import { join, resolve } from "node:path"
import { runTool } from "../fetch/run-tool.ts"
import type { TetheredCommand } from "../launcher/tether.ts"
import { freePort, type RedisAddress } from "./redis-address.ts"
import { libraryEnv, type RedisProgram } from "./redis-program.ts"

export interface RedisSettings {
  /** Folder of the socket and, when persistent, of the append-only file. Made when missing. */
  dir: string
  persistence: "append_only" | "none"
  /** As `generatePassword` makes them. Without one, the socket's mode alone keeps others out. */
  password?: string
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
  const { dir, password } = settings
  const socket = join(dir, "redis.sock")
  const address = isSocketPath(socket) ? { socket, password } : await loopbackAddress(settings)
  const listen =
    "socket" in address
      ? [`unixsocket ${quote(address.socket)}`, "unixsocketperm 600", "port 0"]
      : [`port ${address.port}`, "bind 127.0.0.1"]
  return {
    address,
    command: {
      command: program.path,
      args: ["-"],
      env: libraryEnv(program),
      input: config([...listen, `dir ${quote(dir)}`], { ...settings, ...address }),
      stopWithinMs: STOP_WITHIN_MS,
    },
  }
}

/** Short enough for the system, and without what would start the options in REDIS_URL. */
function isSocketPath(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES && !path.includes("?")
}

async function planContainer(
  program: RedisProgram & { kind: "container" },
  settings: RedisSettings,
): Promise<RedisPlan> {
  const address = await loopbackAddress(settings)
  const name = `hooklane-redis-${createHash("sha256").update(settings.dir).digest("hex").slice(0, 12)}`
  const owner = process.getuid && process.getgid ? [`--user=${process.getuid()}:${process.getgid()}`] : []
  const places = [`--publish=127.0.0.1:${address.port}:6379`, `--volume=${settings.dir}:/data`]
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
        ...places,
        ...owner,
        IMAGE,
        "redis-server",
        "-",
      ],
      env: clientEnv(),
      input: config(["port 6379", "dir /data"], { ...settings, ...address }),
      stopWithinMs: STOP_WITHIN_MS,
    },
  }
}

/** What tells Docker's client where its engine is. */
function clientEnv(): Record<string, string> {
  const isUsed = (name: string) => /^(PATH|HOME|DOCKER_|XDG_)/.test(name)
  return Object.fromEntries(
    Object.entries(process.env).flatMap(([name, value]) => (value && isUsed(name) ? [[name, value]] : [])),
  )
}

/** Read from standard input, so that the password is in no process list. */
function config(lines: readonly string[], { persistence, password }: RedisSettings): string {
  const common = [
    ...(password ? [`requirepass ${password}`] : []),
    'save ""',
    `appendonly ${persistence === "append_only" ? "yes" : "no"}`,
    "appendfsync everysec",
    "maxmemory-policy noeviction",
    "loglevel notice",
  ]
  return `${[...lines, ...common].join("\n")}\n`
}

/** Every user of the machine can reach a port, so there is always a password. */
async function loopbackAddress({ password = generatePassword() }: RedisSettings) {
  return { port: await freePort(), password }
}

/** Made of characters that mean nothing in a URL or in Redis's configuration. */
export function generatePassword(): string {
  return randomBytes(24).toString("hex")
}

function quote(path: string): string {
  return `"${path.replaceAll(/["\\]/g, "\\$&")}"`
}
