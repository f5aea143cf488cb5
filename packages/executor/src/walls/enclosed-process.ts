import { type ChildProcess, spawn } from "node:child_process"
import type { Socket } from "node:net"
import type { RuntimeFolder } from "../runtime-folder.ts"
import type { Enclosure, Network } from "./enclosure.ts"

export interface EnclosedOptions {
  runtime: RuntimeFolder
  enclosure: Enclosure
  network: Network
  env?: Record<string, string>
  /** Its descriptors from 3 on. */
  pipes: ("pipe" | "ipc" | Socket)[]
  /** Bound of its address space. */
  addressSpaceMb?: number | undefined
}

/**
 * Starts Node in the runtime folder: behind the wall, with nothing of our environment, and limits. What runs in it is up to `nodeArgs`.
 */
export function startEnclosed(
  { runtime, enclosure, network, pipes, addressSpaceMb, ...options }: EnclosedOptions,
  nodeArgs: readonly string[],
): ChildProcess {
  const { command, prelude, env } = enclosure.enclose(nodeArgs, network)
  const limits = [EVERY, network === "none" ? EXECUTOR : "", memoryLimit(addressSpaceMb)].join("")
  const [file, ...args] = afterShell(limits + prelude, command)
  return spawn(file, args, {
    // Node lets a thread read the current folder besides what its flags allow: from "/", everything (26.10).
    cwd: runtime.path,
    env: { ...options.env, ...env },
    stdio: ["ignore", "ignore", "pipe", ...pipes],
    ...enclosure.takeIdentity(),
  })
}

/** No core dump, and no file that it could write. */
const EVERY = "ulimit -c 0; ulimit -f 0; "
/**
 * Few descriptors. And when memory runs out, the kernel is to take an executor before anything else; elsewhere than on
 * Linux there is no such file.
 */
const EXECUTOR = "{ echo 1000 > /proc/self/oom_score_adj; } 2> /dev/null; ulimit -n 256; "

function memoryLimit(addressSpaceMb: number | undefined): string {
  return addressSpaceMb === undefined ? "" : `ulimit -v ${addressSpaceMb * 1024}; `
}

/** A shell sets the limits and then becomes the process; dash takes one limit per call. Windows has none. */
function afterShell(limits: string, command: [string, ...string[]]): [string, ...string[]] {
  if (process.platform === "win32") return command
  return ["/bin/sh", "-c", `${limits} exec "$0" "$@"`, ...command]
}
