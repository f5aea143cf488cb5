import { randomUUID } from "node:crypto"
import { AppError, type RunReport } from "@hooklane/core"
import { type FrameLink, openFrameLink } from "./contained/frames.ts"
import { startHeartbeat } from "./contained/heartbeat.ts"
import { MAX_STORAGE_BYTES } from "./contained/storage-protocol.ts"
import type { DeathReport } from "./death.ts"
import type { LineEnd } from "./egress-link.ts"
import type { LaunchedExecutor } from "./launched-executor.ts"
import { type EndedRun, neverBegun, openPendingRuns, type RunEvents } from "./pending-runs.ts"
import { startPatientTimer } from "./processor-wait.ts"
import type { ExecutorSettings, HookCode, ToExecutor } from "./protocol.ts"
import { createReceiver } from "./receive.ts"
import { keepRedactor } from "./redact.ts"
import { redactReason, redactReport } from "./redact-report.ts"
import { openRunCalls } from "./run-calls.ts"
import { createRunStorages } from "./run-storages.ts"
import type { RunTask } from "./run-task.ts"
import { webtaskOf } from "./webtask.ts"

/**
 * One executor process as its worker sees it. Everything that it sends is taken for hostile, and all that is told of it
 * and its runs is without the secrets of its hook.
 */
export interface ExecutorProcess {
  readonly pid: number
  /** Resident memory in MB; 0 where it cannot be known. */
  readonly rssMb: number
  /** @throws AppError internal_error when the process ended before it could be used */
  readonly ready: Promise<void>
  /** Resolves when the process is gone, with the reason. */
  readonly gone: Promise<DeathReport>
  /** Resolves when it cannot connect any more: it takes no run from then on, and ends with those that are inside. */
  readonly retired: Promise<void>
  /** Makes it the process of one hook version, once and for ever. */
  bind(hook: HookCode): void
  /** How many runs it takes: as many as it has threads, and some more to wait there when runs are short. */
  capacity(): number
  /** Runs that may go on after their answers without taking room from others. */
  readonly roomAfterAnswers: number
  /**
   * Always resolves: with what the executor answered, or with what the death of the process means for the run. One
   * that has retired begins none.
   */
  run(task: RunTask, signal: AbortSignal, onAnswered?: RunEvents["onAnswered"]): Promise<EndedRun>
  /** Asks what it can do and should not. Rejects when it dies over it. */
  prove(port: number): Promise<string[]>
  /** Ends it because it is not needed any more. */
  kill(reason: string): void
}

/** It takes 0.2 s of a processor that nobody else wants. Time in which it waits for one does not count. */
const BOOT_LIMIT_MS = 10_000
/** A process that dies leaves its line first. */
const LINE_GRACE_MS = 1_000
const RETIRED = "the egress broker was started anew, and this executor has no line to it"
/**
 * Short runs are handed over ahead of time: a thread then goes on without a word between two processes, and those
 * words travel together. Nobody waits longer for it than the few milliseconds that the runs ahead take.
 */
const SHORT_RUN_MS = 2
const RUNS_PER_THREAD = 4

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one process
export function superviseExecutor(launched: LaunchedExecutor, settings: ExecutorSettings): ExecutorProcess {
  const { kill, waitedMs = () => 0 } = launched
  const redactorOf = keepRedactor()
  let redact = redactorOf({})
  const gone = launched.gone.then((death) => ({ ...death, reason: redactReason(death.reason, redact) }))
  const { promise: retired, resolve: onRetired } = Promise.withResolvers<void>()
  let inside = 0
  let isRetired = false
  const runs = openPendingRuns({
    threads: settings.threads,
    cancel: (id) => send({ type: "cancel", id }),
    kill,
    waitedMs,
  })
  const { promise: ready, resolve: onReady, reject: failToBoot } = Promise.withResolvers<void>()
  const { promise: proof, resolve: onProof, reject: failToProve } = Promise.withResolvers<string[]>()
  proof.catch(() => {})
  const storages = createRunStorages(send)
  const calls = openRunCalls({
    egress: launched.egress,
    onStray: () => kill("it connected for a run that it was not given"),
  })
  const receive = createReceiver({
    runs,
    onConnected: calls.expect,
    onReady,
    onProof,
    kill,
    onStorage: storages.take,
  })
  launched.egress.listen({
    onCalls: calls.take,
    onFault: (fault) => kill(`it broke the protocol of its connections: ${fault}`),
    onClosed: onLineClosed,
  })
  let link: FrameLink | undefined
  void launched.stream.then((stream) => {
    // A stream that breaks is a process that ends, which is reported there.
    stream.on("error", () => {})
    link = openFrameLink(stream, {
      maxBytes: largestFrame(settings),
      onFrame: (message) => {
        heartbeat.heard()
        receive(message)
      },
      onFault: (fault) => kill(`it broke the protocol: ${fault}`),
    })
  })
  const heartbeat = startHeartbeat({
    beat: () => send({ type: "ping" }),
    onSilence: () => kill("it fell silent"),
    waitedMs,
  })
  const stopBootTimer = startPatientTimer({
    limitMs: BOOT_LIMIT_MS,
    waitedMs,
    onOver: () => kill("it did not start in time", { blame: "nobody" }),
  })
  ready.then(launched.setBaseline, () => {}).finally(stopBootTimer)
  void gone.then((death) => {
    heartbeat.stop()
    failToProve(new AppError("internal_error", `An executor could not be tested: ${death.reason}`))
    failToBoot(new AppError("internal_error", `An executor did not start: ${death.reason}`))
    calls.expectAll()
    runs.endAll(death)
  })

  function send(message: ToExecutor): void {
    link?.send(message)
  }

  function onLineClosed(end: LineEnd): void {
    calls.end(end)
    if (end.because === "closed") {
      // Nearly always since the process ends, which has a reason of its own.
      const timer = setTimeout(kill, LINE_GRACE_MS, "it closed its line to the egress broker")
      void gone.then(() => clearTimeout(timer))
    }
    if (end.because === "lost") {
      isRetired = true
      onRetired()
      endIfRetired()
    }
  }

  function endIfRetired(): void {
    if (isRetired && inside === 0) kill(RETIRED, { blame: "nobody" })
  }

  return {
    get pid() {
      return launched.pid
    },
    get rssMb() {
      return launched.rssMb
    },
    ready,
    gone,
    retired,
    kill: (reason) => kill(reason, { blame: "nobody" }),
    prove(port) {
      send({ type: "prove", port })
      return proof
    },
    roomAfterAnswers: settings.threads,
    capacity: () => settings.threads * (runs.paceMs() < SHORT_RUN_MS ? RUNS_PER_THREAD : 1),
    bind(hook) {
      launched.egress.bind(hook.directives.egress)
      send({ type: "bind", hook })
    },
    run(task, signal, onAnswered) {
      if (isRetired) return Promise.resolve(neverBegun(RETIRED))
      const id = randomUUID()
      inside += 1
      const release = launched.hold()
      const ownRedact = redactorOf(task.secrets)
      redact = ownRedact
      const events = {
        signal,
        onAnswered: (early: RunReport) => onAnswered?.(redactReport(early, ownRedact)),
      }
      const ended = runs.add(id, task, events).finally(() => {
        storages.end(id)
        release()
        inside -= 1
        endIfRetired()
      })
      storages.begin(id, task)
      calls.begin(id)
      const { heapMb: _, ...times } = task.limits
      send({ type: "run", id, ...times, event: task.event, webtask: JSON.stringify(webtaskOf(task)) })
      return ended.then(async ({ report, fate }) => ({
        report: redactReport(await calls.complete(id, report), ownRedact),
        fate,
      }))
    },
  }
}

/** JSON inside JSON at most doubles; a control character in console output or an error takes six bytes. */
function largestFrame({ maxResultBytes, maxLogBytes }: ExecutorSettings): number {
  const errorBytes = 65_536
  const callBytes = 512 * 1_024
  return 2 * Math.max(maxResultBytes, MAX_STORAGE_BYTES) + 6 * (maxLogBytes + errorBytes) + callBytes
}
