import type { ChildProcess } from "node:child_process"
import { Duplex } from "node:stream"
import { type DeathFacts, watchDeath } from "./death.ts"
import type { EgressLink } from "./egress-link.ts"
import { readRssMb, watchMemory } from "./memory-watch.ts"
import type { ProcessDeath } from "./pending-runs.ts"
import { readWaitedMs } from "./processor-wait.ts"
import type { ExecutorSettings } from "./protocol.ts"
import { innermost } from "./walls/process-tree.ts"

/** A process that was started as an executor, as the operating system sees it, wherever it runs. */
export interface LaunchedExecutor {
  /** 0 until it is known; until `setBaseline`, that of the program that starts it. */
  readonly pid: number
  /** Its frames. Never resolves when the process is gone before there are any. */
  readonly stream: Promise<Duplex>
  /** Its line to the egress broker. */
  readonly egress: EgressLink
  /** Resolves when the process is gone and all it sent was read. */
  readonly gone: Promise<ProcessDeath>
  /** Ends the process at once. The first reason given is the one that counts. */
  kill(reason: string, facts?: DeathFacts): void
  /** The process is at rest: the memory that it takes now does not count. */
  setBaseline(): void
  /** Watches its memory, and kills it over too much, until the release is called. */
  hold(): () => void
  /** Resident memory in MB; 0 where it cannot be known. */
  readonly rssMb: number
  /** How long it was ready to run without getting a processor, in ms since its start, where that can be known. */
  waitedMs?(): number
}

/** Besides the heaps of its threads: buffers, code, and what a thread takes while another takes its place. */
const ALLOWED_MB = 128

/** Takes care of an executor that is a child of this process. */
export function attend(
  child: ChildProcess,
  { threads, heapMb }: Pick<ExecutorSettings, "threads" | "heapMb">,
  egress: EgressLink,
): LaunchedExecutor {
  let pid = child.pid ?? 0
  let isSettled = false
  const death = watchDeath(child)
  const memory = watchMemory({
    pid: () => pid,
    allowedMb: ALLOWED_MB + threads * heapMb,
    onExceeded: (limitMb) => death.kill(`it used more than ${limitMb} MB of memory`, { cause: "memory" }),
  })
  return {
    get pid() {
      return pid
    },
    stream: framesOf(child),
    egress,
    gone: death.gone.then((report) => ({ ...report, rssMb: memory.rssMb, limitMb: memory.allowedMb })),
    kill: death.kill,
    setBaseline() {
      // Before any hook is inside, which might start processes of its own when it has escaped.
      pid = innermost(pid)
      isSettled = true
      memory.setBaseline()
    },
    hold: memory.hold,
    get rssMb() {
      return readRssMb(pid)
    },
    waitedMs: () => readWaitedMs(isSettled ? pid : innermost(pid)),
  }
}

/** Without a pipe the frames go to another process, past this one. */
function framesOf({ stdio }: ChildProcess): Promise<Duplex> {
  const pipe = stdio[3]
  return pipe instanceof Duplex ? Promise.resolve(pipe) : new Promise(() => {})
}
