import { spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import {
  closeSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  unlinkSync,
  writeSync,
} from "node:fs"
import { connect, type NetConnectOpts } from "node:net"
import type { EscapeTargets } from "../walls/prove-enclosure.ts"

/**
 * Plays code that has left V8 and Node: a program started exactly as an executor is, but without Node's permission
 * model. It tries what the wall around it must not allow and reports what worked.
 */
const PIPE_FD = 3
const targets: EscapeTargets = JSON.parse(process.argv[2] ?? "")

type Attempts = [name: string, attempt: () => unknown][]

/** What a user of its own holds. */
const asSomebodyElse: Attempts = [
  ...targets.privatePaths.map((path): Attempts[number] => [`it reads ${path}`, () => read(path)]),
  ...targets.processes.flatMap(
    (pid): Attempts => [
      [`it signals process ${pid}`, () => process.kill(pid, 0)],
      [`it reads the environment of process ${pid}`, () => read(`/proc/${pid}/environ`)],
      [`it reads the memory of process ${pid}`, () => closeSync(openSync(`/proc/${pid}/mem`, "r"))],
      [`it sees the files of process ${pid}`, () => readdirSync(`/proc/${pid}/root/`)],
      [`it sees the descriptors of process ${pid}`, () => readdirSync(`/proc/${pid}/fd`)],
    ],
  ),
]

/** What nothing but the kernel's namespaces hold. */
const behindNamespaces: Attempts = [
  ...targets.paths.map((path): Attempts[number] => [`it reads ${path}`, () => read(path)]),
  ["it sees files that are not its own", () => foreignFiles().length > 0 || refuse()],
  ...["/", "/tmp", "/var/tmp", "/dev", "/dev/shm", "/run", process.cwd(), import.meta.dirname].flatMap(
    (folder): Attempts => [
      [`it makes a file in ${folder}`, () => makeFile(`${folder}/escaped-${process.pid}`)],
      [`it makes a folder in ${folder}`, () => makeFolder(`${folder}/escaped-${process.pid}`)],
    ],
  ),
  ...["/bin/sh", "/usr/bin/env", "/usr/bin/unshare", "/usr/bin/bwrap"].map((program): Attempts[number] => [
    `it starts ${program}`,
    () => spawnSync(program, { timeout: 1_000 }).pid > 0 || refuse(),
  ]),
]

/** The egress broker alone has a network. */
const overTheNetwork: Attempts = [
  ["it connects to this machine", () => connects({ port: targets.port, host: "127.0.0.1" })],
  ["it connects to this machine over IPv6", () => connects({ port: targets.port, host: "::1" })],
  ...targets.sockets.map((path): Attempts[number] => [
    `it connects to the socket ${JSON.stringify(path)}`,
    () => connects({ path }),
  ]),
  // To "connect" a datagram socket looks for a way and sends nothing.
  ...["169.254.169.254", "168.63.129.16", "203.0.113.1", "10.0.0.1"].map((address): Attempts[number] => [
    `it has a way to ${address}`,
    () => hasWayTo(address),
  ]),
]

/** What a filter of the kernel's calls holds. */
const pastTheFilter: Attempts = [
  ["it starts a process", () => spawnSync(process.execPath, ["--version"]).pid > 0 || refuse()],
]

/** Last, since it may lose rights by it. */
const asAnother: Attempts = [["it becomes another user", () => becomeAnother()]]

const attempts = [
  ...asSomebodyElse,
  ...(targets.wall === "kernel" ? behindNamespaces : []),
  ...(targets.wall === "kernel" && targets.network === "none" ? overTheNetwork : []),
  ...(targets.isFiltered ? pastTheFilter : []),
  ...(targets.wall === "kernel" ? asAnother : []),
]
const down: string[] = []
for (const [name, attempt] of attempts) {
  try {
    await attempt()
    down.push(name)
  } catch {
    // As it should be.
  }
}
writeSync(PIPE_FD, JSON.stringify(down))
process.exit()

function refuse(): never {
  throw new Error("refused")
}

/** A file, or a folder: one that leads to the runtime folder is there, and must show nothing else. */
function read(path: string): void {
  try {
    readFileSync(path)
  } catch {
    const seen = readdirSync(path).filter((name) => !isOnTheWay(`${path}/${name}`))
    if (seen.length === 0 && isOnTheWay(path)) refuse()
  }
}

function isOnTheWay(path: string): boolean {
  return `${import.meta.dirname}/`.startsWith(`${path}/`)
}

/** Files and devices from the root on that are neither Node's, nor in the runtime folder. */
function foreignFiles(): string[] {
  const known = new Set(targets.knownFiles)
  const found: string[] = []
  const look = (folder: string): void => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = `${folder === "/" ? "" : folder}/${entry.name}`
      if (path === import.meta.dirname || known.has(path)) continue
      if (entry.isDirectory()) look(path)
      else found.push(path)
      // On a machine without a wall there is no need to see them all.
      if (found.length > 0) return
    }
  }
  look("/")
  return found
}

/** Where it works, nothing is left of it. */
function makeFile(path: string): void {
  closeSync(openSync(path, "wx"))
  unlinkSync(path)
}

function makeFolder(path: string): void {
  mkdirSync(path)
  rmdirSync(path)
}

function becomeAnother(): void {
  const uid = process.getuid?.() ?? 0
  process.setuid?.(uid === 12_345 ? 12_346 : 12_345)
}

function connects(options: NetConnectOpts): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ ...options, timeout: targets.patienceMs })
    socket.on("connect", resolve).on("error", reject)
    socket.on("timeout", () => reject(new Error("no answer")))
  })
}

function hasWayTo(address: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = createSocket("udp4")
    socket.on("error", reject).on("connect", resolve)
    socket.connect(80, address)
  })
}
