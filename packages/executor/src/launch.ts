import { type ChildProcess, spawn } from "node:child_process"
import { writeFile } from "node:fs"
import type { ExecutorSettings } from "./protocol.ts"
import type { RuntimeFolder } from "./runtime-folder.ts"

/**
 * Starts an executor's process: nothing of our environment, one readable folder, no core dump, no file it could
 * write, few descriptors. An address-space limit is not set: the right figure has to be measured on the machine
 * first, and a wrong one kills innocent hooks. Never `--max-old-space-size`, which overrides the threads' own
 * heap limits.
 */
export function launchExecutor(runtime: RuntimeFolder, settings: ExecutorSettings): ChildProcess {
  const [command, ...args] = underLimits([
    process.execPath,
    "--permission",
    "--allow-worker",
    "--allow-net",
    `--allow-fs-read=${runtime.path}/`,
    "--disallow-code-generation-from-strings",
    "--zero-fill-buffers",
    "--no-addons",
    "--disable-sigusr1",
    "--no-warnings",
    runtime.entryFile,
    JSON.stringify(settings),
  ])
  const child = spawn(command, args, {
    cwd: "/",
    // Two threads of libuv: they serve one hook only. UTC: the machine's zone is none of the hook's business.
    env: { UV_THREADPOOL_SIZE: "2", TZ: "UTC" },
    stdio: ["ignore", "ignore", "pipe", "pipe"],
  })
  preferForOomKiller(child.pid)
  return child
}

/** A shell sets the limits and then becomes the process; dash takes one limit per call. Windows has none. */
function underLimits(command: [string, ...string[]]): [string, ...string[]] {
  if (process.platform === "win32") return command
  return ["/bin/sh", "-c", 'ulimit -c 0; ulimit -f 0; ulimit -n 256; exec "$0" "$@"', ...command]
}

/** When memory runs out, the kernel takes an executor before the worker. Linux only, and only if it lets us. */
function preferForOomKiller(pid: number | undefined): void {
  if (pid !== undefined && process.platform === "linux") {
    writeFile(`/proc/${pid}/oom_score_adj`, "1000", () => {})
  }
}
