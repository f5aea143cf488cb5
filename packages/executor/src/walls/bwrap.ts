import { execFile } from "node:child_process"
import { access, constants, readFile, writeFile } from "node:fs/promises"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import type { Rung, WallContext } from "./enclosure.ts"
import { PROGRAM_PATH } from "./enclosure.ts"
import { networkFiles } from "./network-files.ts"
import { type BoundFile, librariesOf } from "./node-files.ts"
import { seccompFilter } from "./seccomp.ts"
import { callTableFor } from "./system-calls.ts"

/** What a program may open besides files. */
export const DEVICES = ["/dev/null", "/dev/urandom"]
const TIMEOUT_MS = 10_000
/** Where Node is inside: the folders of this installation are none of a hook's business. */
export const NODE = "/bin/node"
/** Through this descriptor bwrap reads the filter, which the shell that starts it opens. */
const FILTER_FD = 9

/** Namespaces made by bubblewrap, which needs no rights where the kernel lets users have namespaces. */
export const bwrap: Rung = async (context) => {
  const program = context.bwrap ?? (await findBwrap())
  if (!program) return "bubblewrap is not installed (Debian, Ubuntu, Fedora: install the package bubblewrap)"
  try {
    const env = libraryEnv(program)
    const { stdout: help } = await promisify(execFile)(program, ["--help"], { env, timeout: TIMEOUT_MS })
    const files = await filesFor(context)
    const common = [program, ...NAMESPACES, ...(await optionsOf(help))] as const
    const withNetwork = [...files, ...(await networkFiles(files))]
    const ways = {
      none: await prepare(context, { files, sockets: "none" }),
      shared: await prepare(context, { files: withNetwork, sockets: "any" }),
    }
    return {
      wall: "kernel",
      by: "bwrap",
      isFiltered: ways.none.prelude !== "",
      knownFiles: { none: namesOf(files), shared: namesOf(withNetwork) },
      enclose(nodeArgs, network) {
        const { options, prelude } = ways[network]
        const own = network === "none" ? ["--unshare-net"] : []
        const session = prelude === "" ? ["--new-session"] : []
        return { command: [...common, ...session, ...own, ...options, NODE, ...nodeArgs], prelude, env }
      },
    }
  } catch (error) {
    return `${program} does not run (${error instanceof Error ? error.message.trim() : error})`
  }
}

/**
 * No session of its own, unless there is no filter that keeps it from typing into a terminal: Linux weighs nice values
 * within a session only, and lets a run wait twice as long for a processor that other sessions want.
 */
const NAMESPACES = [
  "--unshare-user",
  "--unshare-pid",
  "--unshare-ipc",
  "--unshare-uts",
  "--unshare-cgroup-try",
  "--hostname",
  "hook",
  "--die-with-parent",
  "--cap-drop",
  "ALL",
]

/**
 * Forbids new user namespaces, by a setting of the kernel that containers mostly may not write; the filter of system
 * calls forbids them, too. It came with version 0.8.
 */
async function optionsOf(help: string): Promise<string[]> {
  const mounts = await readFile("/proc/self/mountinfo", "utf8")
  const isReadOnly = /^\S+ \S+ \S+ \S+ \/proc(\/sys)? ro\b/m.test(mounts)
  return help.includes("--disable-userns") && !isReadOnly ? ["--disable-userns"] : []
}

interface Way {
  files: readonly BoundFile[]
  sockets: "none" | "any"
}

async function prepare(context: WallContext, { files, sockets }: Way) {
  const filter = await prepareFilter(context, sockets)
  return { options: [...rootOf(context, files), ...filter.options], prelude: filter.prelude }
}

/**
 * The whole tree of files: no `/proc`, no `/sys`, no folder that can be written. Node works without them, but for
 * `process.memoryUsage` and `os.cpus`, which hooks do not have.
 */
function rootOf({ runtime }: WallContext, files: readonly BoundFile[]): string[] {
  return [
    ...files.flatMap(({ source, target }) => ["--ro-bind", source, target]),
    ...["--ro-bind", runtime.path, runtime.path],
    ...DEVICES.flatMap((device) => ["--dev-bind", device, device]),
    ...["--remount-ro", "/", "--chdir", runtime.path, "--unsetenv", "LD_LIBRARY_PATH"],
  ]
}

/** What the proof may find in the tree. */
export function namesOf(files: readonly BoundFile[]): string[] {
  return [...DEVICES, ...files.map(({ target }) => target)]
}

/** Node and its libraries. */
export async function filesFor({ program = process.execPath }: WallContext): Promise<BoundFile[]> {
  return [{ source: program, target: NODE }, ...(await librariesOf(program))]
}

/** Without one on a processor whose system calls are not listed here. */
async function prepareFilter({ runtime }: WallContext, sockets: Way["sockets"]) {
  const calls = callTableFor(process.arch, { sockets })
  if (!calls) return { options: [], prelude: "" }
  const file = `seccomp-${sockets}.bpf`
  await writeFile(join(runtime.path, file), seccompFilter(calls), { mode: 0o644 })
  return { options: ["--seccomp", String(FILTER_FD)], prelude: `exec ${FILTER_FD}< ${file};` }
}

async function findBwrap(): Promise<string | undefined> {
  for (const folder of PROGRAM_PATH.split(":")) {
    const file = join(folder, "bwrap")
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}

/** A package that was unpacked and not installed has its libraries beside it. */
function libraryEnv(program: string): Record<string, string> {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu"
  const root = dirname(dirname(dirname(program)))
  if (root === "/") return {}
  return { LD_LIBRARY_PATH: [`usr/lib/${triplet}`, `lib/${triplet}`].map((dir) => join(root, dir)).join(":") }
}
