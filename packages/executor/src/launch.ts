import type { Socket } from "node:net"
import type { Egress } from "./egress.ts"
import { attend, type LaunchedExecutor } from "./launched-executor.ts"
import type { ExecutorSettings } from "./protocol.ts"
import type { RuntimeFolder } from "./runtime-folder.ts"
import { startEnclosed } from "./walls/enclosed-process.ts"
import type { Enclosure } from "./walls/enclosure.ts"

export interface LaunchOptions {
  runtime: RuntimeFolder
  enclosure: Enclosure
  egress: Egress
  /** Bound of its address space; undefined for the one that it is measured with. */
  addressSpaceMb?: number | undefined
  /** Where its frames go; without one, to the process that starts it. It is the executor's alone then. */
  socket?: Socket | undefined
}

/**
 * Starts an executor's process behind its wall, where it has one readable folder, its frames, and its line to the
 * egress broker. Never `--max-old-space-size`, which overrides the threads' own heap limits.
 */
export function launchExecutor(
  { egress, socket, ...options }: LaunchOptions,
  { egress: rules, ...settings }: ExecutorSettings,
): LaunchedExecutor {
  const { runtime } = options
  const child = startEnclosed(
    {
      ...options,
      network: "none",
      // Two threads of libuv: they serve one hook only. UTC: the machine's zone is none of the hook's business.
      env: { UV_THREADPOOL_SIZE: "2", TZ: "UTC" },
      pipes: [socket ?? "pipe", "pipe"],
    },
    [
      "--permission",
      "--allow-worker",
      `--allow-fs-read=${runtime.path}/`,
      "--disallow-code-generation-from-strings",
      // What changes a flag of V8 later, from wherever, ends the process.
      "--freeze-flags-after-init",
      "--zero-fill-buffers",
      "--no-addons",
      "--disable-sigusr1",
      // The parser of `fetch` is WebAssembly, and would reserve gigabytes of the address space that is bounded here.
      "--disable-wasm-trap-handler",
      "--wasm-max-mem-pages=256",
      "--no-warnings",
      runtime.entryFile,
      JSON.stringify(settings),
    ],
  )
  // Only this process' own descriptor of it: the executor has one of its own.
  socket?.destroy()
  // As many runs as there are threads may go on after their answers.
  const line = egress.connect(child.stdio[4], { rules, maxRuns: 2 * settings.threads })
  return attend(child, settings, line)
}
