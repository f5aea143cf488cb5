import { spawn } from "node:child_process"
import type { Socket } from "node:net"
import type { Egress } from "./egress.ts"
import type { Identity } from "./identity.ts"
import { attend, type LaunchedExecutor } from "./launched-executor.ts"
import type { ExecutorSettings } from "./protocol.ts"
import type { RuntimeFolder } from "./runtime-folder.ts"

export interface LaunchOptions {
  runtime: RuntimeFolder
  egress: Egress
  identity: Identity | undefined
  /** Bound of its address space; undefined for the one that it is measured with. */
  addressSpaceMb?: number | undefined
  /** Where its frames go; without one, to the process that starts it. It is the executor's alone then. */
  socket?: Socket | undefined
}

/**
 * Starts an executor's process: nothing of our environment, one readable folder, no core dump, no file it could
 * write, few descriptors, and no
 * network but its line to the egress broker. Never `--max-old-space-size`, which overrides the threads' own heap limits.
 */
export function launchExecutor(
  { runtime, egress, identity, addressSpaceMb, socket }: LaunchOptions,
  { egress: rules, ...settings }: ExecutorSettings,
): LaunchedExecutor {
  const [command, ...args] = underLimits(addressSpaceMb, [
    process.execPath,
    "--permission",
    "--allow-worker",
    `--allow-fs-read=${runtime.path}/`,
    "--disallow-code-generation-from-strings",
    "--zero-fill-buffers",
    "--no-addons",
    "--disable-sigusr1",
    // The parser of `fetch` is WebAssembly, and would reserve gigabytes of the address space that is bounded here.
    "--disable-wasm-trap-handler",
    "--wasm-max-mem-pages=256",
    "--no-warnings",
    runtime.entryFile,
    JSON.stringify(settings),
  ])
  const child = spawn(command, args, {
    // Node lets a thread read the current folder besides what its flags allow: from "/", everything (26.10).
    cwd: runtime.path,
    // Two threads of libuv: they serve one hook only. UTC: the machine's zone is none of the hook's business.
    env: { UV_THREADPOOL_SIZE: "2", TZ: "UTC" },
    stdio: ["ignore", "ignore", "pipe", socket ?? "pipe", "pipe"],
    ...identity,
  })
  // Only this process' own descriptor of it: the executor has one of its own.
  socket?.destroy()
  const line = egress.connect(child.stdio[4], { rules, maxRuns: settings.threads })
  return attend(child, settings, line)
}

/**
 * A shell sets the limits and then becomes the process; dash takes one limit per call. Windows has none. When memory
 * runs out, the kernel is to take an executor before anything else; elsewhere than on Linux there is no such file.
 */
function underLimits(
  addressSpaceMb: number | undefined,
  command: [string, ...string[]],
): [string, ...string[]] {
  if (process.platform === "win32") return command
  const memory = addressSpaceMb === undefined ? "" : `ulimit -v ${addressSpaceMb * 1024};`
  const script = `{ echo 1000 > /proc/self/oom_score_adj; } 2> /dev/null
    ulimit -c 0; ulimit -f 0; ulimit -n 256; ${memory} exec "$0" "$@"`
  return ["/bin/sh", "-c", script, ...command]
}
