import { totalmem } from "node:os"
import type { Wall } from "@hooklane/core"
import { type Egress, openEgress } from "./egress.ts"
import type { ExecutorLog } from "./run-task.ts"
import { makeRuntimeFolder, type RuntimeFolder } from "./runtime-folder.ts"
import type { Enclosure } from "./walls/enclosure.ts"
import { raiseWall } from "./walls/raise-wall.ts"

/** What all executors on this machine, or in this container, are started with. */
export interface ExecutorHost {
  runtime: RuntimeFolder
  /** The wall around each of them. */
  enclosure: Enclosure
  /** Connects for them. */
  egress: Egress
  /** Executors that half of the memory has room for. */
  maxExecutors: number
  close(): Promise<void>
}

export interface WallOptions {
  /** The least that is to stand around executors. Default: `process`. */
  minimumWall?: Wall | undefined
  /** Path of bubblewrap; default: where the system has it. */
  bwrap?: string | undefined
  /** Files and folders of ours that no executor may read: each start proves it. */
  privatePaths?: readonly string[] | undefined
}

/** @throws AppError invalid_setting when no wall stands that is as high as wanted */
export async function openExecutorHost(
  log: ExecutorLog,
  { minimumWall = "process", bwrap, privatePaths = [] }: WallOptions = {},
): Promise<ExecutorHost> {
  const runtime = await makeRuntimeFolder()
  try {
    const { enclosure, reasons } = await raiseWall({ runtime, bwrap, minimum: minimumWall, privatePaths })
    report(log, enclosure, reasons)
    const egress = openEgress({ runtime, enclosure, log })
    return {
      runtime,
      enclosure,
      egress,
      maxExecutors: roomForExecutors(),
      async close() {
        await egress.close()
        await runtime.remove()
      },
    }
  } catch (error) {
    await runtime.remove()
    throw error
  }
}

function report(log: ExecutorLog, { wall, by }: Enclosure, reasons: string[]): void {
  if (wall === "kernel") return
  log.warn(
    { wall, by, reasons },
    "native code in an executor would be held by less than the kernel's namespaces",
  )
}

const MAX_EXECUTORS = 32
/** What one executor takes at rest, with room to work. */
const EXECUTOR_BYTES = 120 * 1024 * 1024

function roomForExecutors(): number {
  const memory = Math.min(process.constrainedMemory() || totalmem(), totalmem())
  return Math.max(1, Math.min(MAX_EXECUTORS, Math.floor(memory / 2 / EXECUTOR_BYTES)))
}
