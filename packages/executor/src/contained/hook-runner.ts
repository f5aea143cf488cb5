import type { Ending, ExecutorSettings, HookCode } from "../protocol.ts"
import { finishWork } from "./after-answer.ts"
import { type CompiledHook, compileHook } from "./compile-hook.ts"
import { compilePackages } from "./hook-packages.ts"
import type { NetEvent } from "./net-protocol.ts"
import { installNetShim } from "./net-shim.ts"
import { createNetwork } from "./network.ts"
import { createDnsShim } from "./node/dns-shim.ts"
import { type OpenWork, sortOpenWork } from "./open-work.ts"
import type { Prelude } from "./prelude.ts"
import { clockMs } from "./progress.ts"
import { createRunLog } from "./run-log.ts"
import { createRunScope } from "./run-scope.ts"
import { openSandbox, type Sandbox, type SandboxedCode, type SandboxPowers } from "./sandbox.ts"
import { openStorageLine, type StorageLine } from "./storage-line.ts"
import type { StorageEvent } from "./storage-protocol.ts"
import type { AfterAnswer, RunMessage, RunOrder, ThreadAnswer } from "./thread-protocol.ts"
import { createTimers } from "./timers.ts"
import { trust } from "./trust.ts"

/** Before lockdown takes them away, or a hook puts others in their place. */
const { getActiveResourcesInfo } = process
const { Buffer, setImmediate } = globalThis
/** `process.exit` looks it up when it is called, and will not find it. Annotated, so that control flow ends. */
const endThread: (code: number) => never = withInternals(process).reallyExit

export type RunnerSettings = Pick<ExecutorSettings, "maxResultBytes" | "maxLogBytes">

export interface HookRun extends Omit<RunOrder, "kind"> {
  /** The `HookCode` as JSON in UTF-8; the same for every run. */
  hook: SharedArrayBuffer
  say: Say
  /** Ends a run that left nothing; false when its main thread has to be told. */
  end(): boolean
}

/** Sends what a run has to say to the main thread. */
export type Say = (message: RunMessage, transfer?: ArrayBuffer[]) => void

/** Runs one hook version, one run at a time, in a thread that lives for as long as runs leave it as it was. */
export interface HookRunner {
  /** Makes the thread a hook's; to be called once, before the first run. */
  open(): void
  /** Resolves when the run is cleaned up; with false when it left something that cannot be. */
  run(run: HookRun): Promise<boolean>
  /** False when runs have patched what the next one would find. */
  isIntact(): boolean
  /** Brings a run what it waits for; it may be over. */
  tell(run: number, event: NetEvent | StorageEvent): void
  /** Another run waits for this thread. */
  hurry(): void
  /** Takes what was thrown, or rejected, and nobody caught. */
  fault(thrown: unknown): void
}

/** What a thread makes of its hook's code, once. */
interface ParsedHook extends SandboxedCode {
  compiled: CompiledHook
}

/** A hook that is loaded; or why it never will be, which is the same for every run. */
type LoadedHook = { prelude: Prelude } | { refusal: ThreadAnswer }

interface ActiveRun {
  number: number
  startedAt: number
  print: SandboxPowers["print"]
  isLogFull(): boolean
  /** Sends the first answer; later ones are ignored. */
  answer(answer: ThreadAnswer): void
  readonly answered: Promise<ThreadAnswer["status"]>
  isAnswered: boolean
  /** What went wrong after the answer. */
  later?: Ending
  /** It has ended itself. */
  isOver: boolean
  /** Promises that it gave to `waitUntil`. */
  promises: number
  storage: StorageLine
  isUnclean: boolean
}

/**
 * After so many runs a thread is replaced, so that what leaks in it has an end. Every 1,000 runs would cost a
 * busy hook a quarter of its throughput (measured).
 */
const MAX_RUNS = 10_000
const MAX_PROMISES = 1_000

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one thread
export function createHookRunner(settings: RunnerSettings): HookRunner {
  const { timers, ...timerKeeper } = createTimers()
  const { network, ...networkKeeper } = createNetwork()
  const { dns, dnsPromises } = createDnsShim(network)
  const scope = createRunScope<ActiveRun>()
  const powers: SandboxPowers = {
    shims: { net: installNetShim(network), dns, "dns/promises": dnsPromises },
    timers,
    print: (level, values) => scope.own()?.print(level, values),
    printingRun: () => {
      const run = scope.own()
      return run?.isLogFull() ? undefined : run?.number
    },
    exit,
  }
  let sandbox: Sandbox | undefined
  let hook: ParsedHook | undefined
  let loaded: LoadedHook | undefined
  /** What says how a run failed, from the moment that the hook's code may run. */
  let voice: Prelude | undefined
  let active: ActiveRun | undefined
  let runs = 0
  let isAwaited = false

  async function run(order: HookRun): Promise<boolean> {
    const resourcesBefore = countResources()
    timerKeeper.open()
    networkKeeper.open(order.say)
    const current = beginRun(order, settings)
    active = current
    isAwaited = false
    runs += 1
    scope.enter(current, () => {
      try {
        call(order, current)
      } catch (error) {
        // A hook that changed its own intrinsics broke the prelude.
        fault(error)
      }
    })
    const status = await current.answered
    const after = GOES_ON.has(status) ? await afterAnswerOrNothing(order, current) : undefined
    timerKeeper.close()
    scope.within(current, networkKeeper.close)
    current.storage.close()
    if (after || !order.end()) order.say({ kind: "ended", ...(after && { after }) })
    // What the run left for the next turns of the loop comes now, and counts as its own: two turns after its answer.
    if (after || !GOES_ON.has(status)) await nextTurn()
    await nextTurn()
    scope.leave()
    active = undefined
    const isUnclean = current.isUnclean || countResources() > resourcesBefore || runs >= MAX_RUNS
    return !isUnclean && status !== "crashed" && mayRunAgain()
  }

  /** A hook that asked for it meets nothing of the run before; one that failed to load is loaded again. */
  function mayRunAgain(): boolean {
    if (!sandbox || hook?.code.directives.isFresh) return false
    return loaded !== undefined || sandbox.watch.isUntouched()
  }

  function isIntact(): boolean {
    return sandbox?.watch.isIntact() !== false
  }

  /** A hook that changed its own intrinsics may have broken what looks at its work: then its answer is its end. */
  async function afterAnswerOrNothing(order: HookRun, run: ActiveRun): Promise<AfterAnswer | undefined> {
    try {
      return await afterAnswer(order, run)
    } catch {
      run.isUnclean = true
      return undefined
    }
  }

  /** Undefined when nothing came after the answer. */
  async function afterAnswer(
    { timeoutMs, afterAnswerMs, say }: HookRun,
    run: ActiveRun,
  ): Promise<AfterAnswer | undefined> {
    const answeredAt = clockMs()
    let hasGoneOn = false
    const { cut, isEarly } = await finishWork({
      limitMs: afterAnswerMs ?? Math.max(0, timeoutMs - (answeredAt - run.startedAt)),
      left: () => left(run),
      isAwaited: () => isAwaited,
      isOver: () => run.isOver,
      onGoesOn(isAtRest) {
        hasGoneOn = true
        say({ kind: "goes_on", isAtRest })
      },
    })
    const ending = run.later ?? (isEarly ? TIMED_OUT : undefined)
    if (!hasGoneOn && cut.length === 0 && !ending) return undefined
    return { ms: clockMs() - answeredAt, cut, ...(ending && { ending }) }
  }

  function left({ promises, storage }: ActiveRun): OpenWork {
    const parts = {
      timers: timerKeeper.left(),
      lines: networkKeeper.left(),
      promises,
      storageCalls: storage.left(),
    }
    return sortOpenWork(parts, { isAwaited })
  }

  function exit(code: string): void {
    const run = scope.own()
    if (!run) return
    if (run.isAnswered) {
      run.isOver = true
      run.isUnclean = true
    } else run.answer({ status: "crashed", reason: `it called process.exit(${code})` })
  }

  function tell(run: number, event: NetEvent | StorageEvent): void {
    if (run !== active?.number) return
    const { storage } = active
    scope.within(active, () => {
      if (event.kind === "storage_answer") storage.take(event)
      else networkKeeper.take(event)
    })
  }

  function call({ hook: text, event, webtask }: HookRun, current: ActiveRun): void {
    const { answer, storage } = current
    hook ??= parseHook(text)
    const ready = loaded ?? load(hook)
    if ("refusal" in ready) answer(ready.refusal)
    else
      ready.prelude.call({
        event,
        webtask,
        answer,
        askStorage: storage.ask,
        fail: (answer) => failLater(current, answer),
        hold: () => hold(current),
      })
  }

  function load(parsed: ParsedHook): LoadedHook {
    const { compiled } = parsed
    const { watch, prepare } = openOnce()
    const face = prepare(parsed)
    voice = face
    if (!compiled.isCompiled) {
      loaded = { refusal: face.notCompiled(compiled.error) }
      return loaded
    }
    const refusal = face.load(asFactory(compiled.script.runInThisContext()))
    if (refusal) return { refusal }
    watch.accept()
    loaded = { prelude: face }
    return loaded
  }

  function openOnce(): Sandbox {
    sandbox ??= openSandbox(powers)
    return sandbox
  }

  function fault(thrown: unknown): void {
    // Between two runs there is nobody to tell; the thread cannot be trusted to be clean.
    if (!scope.isBusy() || !voice) endThread(1)
    const run = scope.own()
    if (!run) return
    run.isUnclean = true
    if (run.isAnswered) failLater(run, voice.threw(thrown))
    else run.answer(voice.threw(thrown))
  }

  function hurry(): void {
    isAwaited = true
  }

  return { open: openOnce, run, isIntact, tell, hurry, fault }
}

/** Endings after which what a run has begun goes on. */
const GOES_ON: ReadonlySet<ThreadAnswer["status"]> = new Set(["returned", "rejected", "invalid_result"])
const TIMED_OUT: Ending = { status: "timed_out" }

/** The first one is told; not the exception that ends `process.exit`. */
function failLater(run: ActiveRun, answer: ThreadAnswer): void {
  if (!run.isOver) run.later ??= answer
}

function hold(run: ActiveRun): () => void {
  if (run.promises >= MAX_PROMISES)
    throw new RangeError(`A run may wait for ${MAX_PROMISES} promises at once`)
  run.promises += 1
  return () => {
    run.promises -= 1
  }
}

function beginRun({ run, say }: HookRun, { maxResultBytes, maxLogBytes }: RunnerSettings): ActiveRun {
  const log = createRunLog({
    maxBytes: maxLogBytes,
    onLine: (line) => say({ kind: "log", line }),
    onTruncated: () => say({ kind: "logs_truncated" }),
  })
  const { promise: answered, resolve } = Promise.withResolvers<ThreadAnswer["status"]>()
  const startedAt = clockMs()
  const active: ActiveRun = {
    number: run,
    startedAt,
    isAnswered: false,
    isOver: false,
    promises: 0,
    print: log.write,
    isLogFull: log.isFull,
    answer(answer) {
      if (active.isAnswered) return
      active.isAnswered = true
      const bounded = withinLimit(answer, maxResultBytes)
      say({ kind: "answer", answer: bounded, runMs: clockMs() - startedAt })
      resolve(bounded.status)
    },
    answered,
    storage: openStorageLine(say),
    isUnclean: false,
  }
  return active
}

function withinLimit(answer: ThreadAnswer, maxBytes: number): ThreadAnswer {
  if (answer.status !== "returned" || answer.json === undefined) return answer
  const bytes = Buffer.byteLength(answer.json)
  if (bytes <= maxBytes) return answer
  const message = `The result of the extension point has ${bytes} bytes as JSON; ${maxBytes} are allowed`
  return { status: "invalid_result", json: JSON.stringify({ name: "Error", message }) }
}

function parseHook(text: SharedArrayBuffer): ParsedHook {
  const { bundle, ...code }: HookCode = JSON.parse(Buffer.from(text).toString("utf8"))
  if (code.authorities?.length) trust(code.authorities)
  const packages = bundle === undefined ? undefined : compilePackages(bundle)
  return { code, compiled: compileHook(code), packages }
}

/** The script is the hook as a function of the names in scope. */
function asFactory(value: unknown): Parameters<Prelude["load"]>[0] {
  return value as Parameters<Prelude["load"]>[0]
}

/** What keeps this thread's loop alive; an idle kept-alive connection does not. */
function countResources(): number {
  return getActiveResourcesInfo().filter((name) => name !== "Immediate").length
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Node's own, which its documentation leaves out. */
function withInternals(one: NodeJS.Process) {
  return one as NodeJS.Process & { reallyExit(code: number): never }
}
