import { once } from "node:events"
import { createServer, type Server } from "node:net"
import { join } from "node:path"
import { Readable, type Stream } from "node:stream"
import type { Wall } from "@hooklane/core"
import { z } from "zod"
import type { RuntimeFolder } from "../runtime-folder.ts"
import { startEnclosed } from "./enclosed-process.ts"
import type { Enclosure, Network } from "./enclosure.ts"
import { killLine } from "./process-tree.ts"

/** What `assume-escape.ts` tries to get at. */
export interface EscapeTargets {
  /** What is claimed: the attempts that it does not hold are left out. */
  wall: Wall
  isFiltered: boolean
  network: Network
  /** Files and folders that no other user may read. */
  privatePaths: readonly string[]
  /** Files and folders that any user of the machine may read. */
  paths: readonly string[]
  /** Processes outside. */
  processes: readonly number[]
  /** Of the loopback interface, where somebody listens. */
  port: number
  /** Unix sockets where somebody listens; those without a file begin with a zero byte. */
  sockets: readonly string[]
  /** What is there to be seen besides the runtime folder. */
  knownFiles: readonly string[]
  /** For an answer of who does not refuse. */
  patienceMs: number
}

export interface ProveEnclosureOptions {
  runtime: RuntimeFolder
  enclosure: Enclosure
  /** `shared` for what the egress broker is started with. */
  network?: Network
  targets?: Partial<EscapeTargets>
}

/** Starting Node takes 50 ms; the limit is for a machine that has much else to do. */
const LIMIT_MS = 10_000
const PATIENCE_MS = 1_000
const MAX_REPORT_CHARS = 65_536
const reportSchema = z.array(z.string())

/**
 * The assume-escape test: what works for a program that was started behind the wall as executors are, and is free of
 * Node's permission model. An empty list says that the wall holds what it claims.
 * @throws Error with the reason when the program could not be run there
 */
export async function proveEnclosure({ targets, ...options }: ProveEnclosureOptions): Promise<string[]> {
  if (options.enclosure.wall === "process") return []
  const listeners = await listen()
  try {
    return await tryToEscape(options, {
      wall: options.enclosure.wall,
      isFiltered: options.enclosure.isFiltered,
      network: options.network ?? "none",
      privatePaths: [],
      paths: ["/etc/passwd", "/etc/hostname", "/proc/self/environ", "/sys"],
      processes: [process.pid, process.ppid],
      knownFiles: options.enclosure.knownFiles[options.network ?? "none"],
      patienceMs: PATIENCE_MS,
      port: listeners.port,
      ...targets,
      sockets: [...listeners.sockets, ...(targets?.sockets ?? [])],
    })
  } finally {
    listeners.close()
  }
}

async function tryToEscape(
  options: Omit<ProveEnclosureOptions, "targets">,
  targets: EscapeTargets,
): Promise<string[]> {
  const program = join(options.runtime.path, "assume-escape.js")
  const child = startEnclosed({ ...options, network: targets.network, pipes: ["pipe"] }, [
    program,
    JSON.stringify(targets),
  ])
  const timer = setTimeout(() => child.pid && killLine(child.pid), LIMIT_MS)
  try {
    const [report, complaint] = await Promise.all([
      read(child.stdio[3]),
      read(child.stderr),
      once(child, "exit"),
    ])
    if (report === "") throw new Error(complaint.trim().split("\n")[0] || "nothing could be started")
    return reportSchema.parse(JSON.parse(report))
  } finally {
    clearTimeout(timer)
  }
}

async function read(stream: Stream | null | undefined): Promise<string> {
  let text = ""
  if (!(stream instanceof Readable)) return text
  for await (const chunk of stream) text = (text + chunk).slice(0, MAX_REPORT_CHARS)
  return text
}

/** Who would be found if the network, or the machine's sockets, could be reached. */
async function listen() {
  const abstract = `\0hooklane-${process.pid}-${Math.random()}`
  const servers = [await open({ port: 0, host: "127.0.0.1" })]
  if (process.platform === "linux") servers.push(await open({ path: abstract }))
  const address = servers[0]?.address()
  const port = typeof address === "object" && address ? address.port : 0
  return {
    port,
    sockets: process.platform === "linux" ? [abstract] : [],
    close: () => {
      for (const server of servers) server.close()
    },
  }
}

async function open(where: { port: number; host: string } | { path: string }): Promise<Server> {
  const server = createServer((socket) => socket.on("error", () => {}).destroy())
  server.listen(where)
  await once(server, "listening")
  return server
}
