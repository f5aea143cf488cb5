import { once } from "node:events"
import type { Worker } from "node:worker_threads"
import { Piscina } from "piscina"
import type { ProcessSettings } from "../protocol.ts"
import { type Evidence, examine } from "./evidence.ts"
import { milliseconds } from "./native-watch.ts"
import { startProcessorTimer } from "./processor-timer.ts"
import { threadFlags, threadLimits } from "./thread-flags.ts"
import type { ServeTask, ThreadTask } from "./thread-protocol.ts"

/** The threads of an executor, one task each at a time. */
export interface Pool {
  /** Resolves when a thread is up. */
  warmUp(): Promise<void>
  /** Resolves when the thread has left; rejects when it died, or was ended by the signal. */
  serve(task: ServeTask, signal: AbortSignal): Promise<void>
  /** Aborts a task that runs, which ends its thread. */
  end(controller: AbortController): void
  /** What a locked thread can do and should not. */
  proveLockdown(): Promise<string[]>
  /** Processor time of its threads until now; stays open while one of them is inside native code. */
  cpuMs(): Promise<number>
  /** Asks a thread that has to be stopped what it is doing. */
  examine(threadId: number): Promise<Evidence>
}

export interface PoolOptions extends ProcessSettings {
  threadFile: string
  /** The only folder that a thread may read. */
  folder: string
  /** Whether runs are under way, which would end with the process. */
  isBusy(): boolean
  /** A thread does not end: it is still there a second after it was told to, or three when there are runs. */
  onStuck(): void
}

const END_LIMIT_MS = 1_000
const BUSY_END_LIMIT_MS = 3_000
/** Without enough of a processor to end. */
const END_MAX_MS = 10_000
const IDLE_TIMEOUT_MS = 60_000

export function createPool(options: PoolOptions): Pool {
  const { threads, heapMb, maxResultBytes, maxLogBytes, folder } = options
  const piscina = new Piscina({
    filename: options.threadFile,
    name: "run",
    minThreads: 1,
    // As many runs as there are threads may go on after their answers.
    maxThreads: 2 * threads,
    concurrentTasksPerWorker: 1,
    // With atomics, what one task left behind runs during the next one, and fails it.
    atomics: "disabled",
    idleTimeout: IDLE_TIMEOUT_MS,
    recordTiming: false,
    env: {},
    argv: [],
    execArgv: threadFlags(folder),
    resourceLimits: threadLimits(heapMb),
    workerData: { maxResultBytes, maxLogBytes },
  })
  // Without listeners a late throw would end the process. What a hook throws may be null.
  piscina.on("error", () => {})
  piscina.on("message", () => {})

  const give = (task: ThreadTask, options?: Parameters<Piscina["run"]>[1]) => piscina.run(task, options)

  return {
    warmUp: () => give({ kind: "warm_up" }),
    serve: (task, signal) => give(task, { transferList: asTransferList([task.port]), signal }),
    proveLockdown: () => give({ kind: "prove" }),
    async cpuMs() {
      const used = await Promise.all(piscina.threads.map((thread) => thread.cpuUsage()))
      return used.reduce((sum, one) => sum + milliseconds(one), 0)
    },
    async examine(threadId) {
      const thread = piscina.threads.find((one) => one.threadId === threadId)
      return thread ? examine(thread) : {}
    },
    end: (controller) => {
      const before = piscina.threads
      controller.abort()
      for (const thread of before) {
        if (!piscina.threads.includes(thread)) void watchEnd(thread, options)
      }
    },
  }
}

type TransferList = NonNullable<Parameters<Piscina["run"]>[1]>["transferList"]

/** piscina infers the type from an overload of `postMessage` that has options in this place; it wants a list. */
function asTransferList(ports: readonly object[]): TransferList {
  return ports as TransferList
}

/** `terminate` is a request: native code, such as a key derivation, does not hear it. */
async function watchEnd(thread: Worker, { isBusy, onStuck }: PoolOptions): Promise<void> {
  const allow = (limitMs: number, onOver: () => void) =>
    startProcessorTimer({ limitMs, maxMs: END_MAX_MS, onOver })
  let stopTimer = allow(END_LIMIT_MS, () => {
    if (isBusy()) stopTimer = allow(BUSY_END_LIMIT_MS - END_LIMIT_MS, onStuck)
    else onStuck()
  })
  await once(thread, "exit")
  stopTimer()
}
