import { totalmem } from "node:os"
import { type Egress, openEgress } from "./egress.ts"
import { type Identity, openIdentities } from "./identity.ts"
import type { ExecutorLog } from "./run-task.ts"
import { makeRuntimeFolder, type RuntimeFolder } from "./runtime-folder.ts"

/** What all executors on this machine, or in this container, are started with. */
export interface ExecutorHost {
  runtime: RuntimeFolder
  /** A user of its own for each executor; undefined where users cannot be changed. */
  takeIdentity(): Identity | undefined
  /** Connects for them. */
  egress: Egress
  /** Executors that half of the memory has room for. */
  maxExecutors: number
  close(): Promise<void>
}

export async function openExecutorHost(log: ExecutorLog): Promise<ExecutorHost> {
  const runtime = await makeRuntimeFolder()
  const identities = await openIdentities(runtime.entryFile)
  if ("problem" in identities) {
    log.warn({ reason: identities.problem }, "executors run as the user that starts them")
  }
  const takeIdentity = () => ("take" in identities ? identities.take() : undefined)
  const egress = openEgress({ runtime, takeIdentity, log })
  return {
    runtime,
    takeIdentity,
    egress,
    maxExecutors: roomForExecutors(),
    async close() {
      await egress.close()
      await runtime.remove()
    },
  }
}

const MAX_EXECUTORS = 32
/** What one executor takes at rest, with room to work. */
const EXECUTOR_BYTES = 120 * 1024 * 1024

function roomForExecutors(): number {
  const memory = Math.min(process.constrainedMemory() || totalmem(), totalmem())
  return Math.max(1, Math.min(MAX_EXECUTORS, Math.floor(memory / 2 / EXECUTOR_BYTES)))
}
