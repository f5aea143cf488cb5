import { Socket } from "node:net"
import { getPriority } from "node:os"
import { fileURLToPath } from "node:url"
import type { DeathFacts } from "../death.ts"
import type { Ending, FromExecutor, HookCode, ProcessSettings, RunRequest, ToExecutor } from "../protocol.ts"
import { openEgressLine } from "./egress-line.ts"
import { openFrameLink } from "./frames.ts"
import { startHeartbeat } from "./heartbeat.ts"
import { type HookThreads, openHookThreads } from "./hook-threads.ts"
import { startIdleWatch } from "./idle-watch.ts"
import { startNativeWatch } from "./native-watch.ts"
import { createPool } from "./pool.ts"
import { prepareScript } from "./prepare-script.ts"
import { proveWalls } from "./prove-walls.ts"
import { createThreadRun, type ThreadRun } from "./thread-run.ts"

/**
 * The entry of an executor process. It holds a pool of threads for one hook version and nothing else: no
 * credential, no environment, no way to reach more than its folder, its pipe and its line
 * to the egress broker.
 */
const PIPE_FD = 3
const EGRESS_FD = 4
/** Frames from the worker are trusted; the bound keeps a broken stream from filling the memory. */
const MAX_FRAME_BYTES = 128 * 1024 * 1024

const FLOODED: Ending = { status: "crashed", reason: "it printed without end" }

const settings: ProcessSettings = JSON.parse(process.argv[2] ?? "")
const pipe = new Socket({ fd: PIPE_FD, readable: true, writable: true })
const egress = openEgressLine(new Socket({ fd: EGRESS_FD, readable: true, writable: true }))
const runs = new Map<string, ThreadRun>()
let runsSoFar = 0
let hook: HookThreads | undefined

const pool = createPool({
  ...settings,
  threadFile: fileURLToPath(new URL(import.meta.resolve("./thread.ts"))),
  folder: import.meta.dirname,
  isBusy: () => runs.size > 0,
  onStuck: () => giveUp("a run went on after it was stopped", { blame: "earlier" }),
})
const link = openFrameLink(pipe, {
  maxBytes: MAX_FRAME_BYTES,
  onFrame: (message) => {
    heartbeat.heard()
    receive(fromWorker(message))
  },
  onFault: (fault) => giveUp(fault),
})
const heartbeat = startHeartbeat({ beat: () => {}, onSilence: () => giveUp("its worker fell silent") })

pipe.on("close", () => process.kill(process.pid, "SIGKILL"))
pipe.on("error", () => process.kill(process.pid, "SIGKILL"))
startIdleWatch({
  isBusy: () => runs.size > 0,
  runsSoFar: () => runsSoFar,
  onBurning: () => giveUp("it went on working after its runs", { cause: "cpu", blame: "earlier" }),
})
startNativeWatch({ threadsCpuMs: pool.cpuMs, onSuspicion: () => hook?.renew() })
await pool.warmUp()
send({ type: "ready" })

function receive(message: ToExecutor): void {
  switch (message.type) {
    case "bind":
      hook = openThreads(message.hook)
      return
    case "run":
      start(message)
      return
    case "cancel":
      cancel(message.id)
      return
    case "storage_answer":
      runs.get(message.id)?.answerStorage({ call: message.call, answer: message.answer })
      return
    case "prove":
      void proveWalls(pool, { port: message.port, heapMb: settings.heapMb }).then((down) =>
        send({ type: "proof", down }),
      )
      return
    case "ping":
      send({ type: "pong" })
      return
    default:
      giveUp("it was sent an unknown frame")
  }
}

/** The worker is trusted: what comes over its pipe was made from this type. */
function fromWorker(message: unknown): ToExecutor {
  return message as ToExecutor
}

function start(request: RunRequest): void {
  if (!hook) {
    giveUp("it was sent a run before a hook")
    return
  }
  const threads = hook
  const { id } = request
  runsSoFar += 1
  const run = createThreadRun({
    number: runsSoFar,
    egress,
    request,
    onAnswered: send,
    onEnd: (answer) => {
      runs.delete(id)
      send(answer)
    },
    onOutput: (lines) => send({ type: "output", id, lines }),
    onStorage: ({ call, order }) => send({ type: "storage_order", id, call, order }),
    onFlood: () => threads.stop(run, FLOODED, { reason: "output" }),
  })
  runs.set(id, run)
  threads.take(run)
}

function cancel(id: string): void {
  const run = runs.get(id)
  if (run) hook?.stop(run, { status: "cancelled" })
}

function openThreads(code: HookCode): HookThreads {
  // Of the threads that run the hook, which take it when they are up: starting one, and keeping time, must not wait.
  const priority = Math.min(19, getPriority() + (code.niceness ?? 0))
  return openHookThreads({
    pool,
    hook: share(prepareScript(code)),
    priority,
    maxThreads: settings.threads,
    // Each of its runs needs a thread of its own: the next one comes up while this one runs.
    standby: code.directives.isFresh ? 1 : 0,
    onBegun: ({ request: { id } }) => send({ type: "begun", id }),
    onNotStarted: () => giveUp("its threads do not start", { blame: "nobody" }),
  })
}

function share(code: HookCode): SharedArrayBuffer {
  const text = Buffer.from(JSON.stringify(code))
  const shared = new SharedArrayBuffer(text.length)
  new Uint8Array(shared).set(text)
  return shared
}

function send(message: FromExecutor): void {
  link.send(message)
}

/** Ends this process, stuck threads and all; an orderly exit would wait for them. */
function giveUp(reason: string, { cause = "crash", blame }: Pick<DeathFacts, "cause" | "blame"> = {}): void {
  const untouched = hook?.waiting().map(({ request: { id } }) => id) ?? []
  send({ type: "farewell", reason, cause, untouched, ...(blame && { blame }) })
  setImmediate(() => process.kill(process.pid, "SIGKILL"))
}
