import type { ChildProcess } from "node:child_process"
import { randomUUID } from "node:crypto"
import { Socket } from "node:net"
import { AppError } from "@hooklane/core"
import type { EgressRules, HookEgress } from "./contained/egress/egress-rules.ts"
import { startHeartbeat } from "./contained/heartbeat.ts"
import { type Death, watchDeath } from "./death.ts"
import type { EgressLink, EgressListener, LineEnd } from "./egress-link.ts"
import { type EgressOrder, type EgressReport, egressReportSchema } from "./egress-protocol.ts"
import type { ExecutorLog } from "./run-task.ts"
import type { RuntimeFolder } from "./runtime-folder.ts"
import { startEnclosed } from "./walls/enclosed-process.ts"
import type { Enclosure } from "./walls/enclosure.ts"

/** The egress broker: a process that connects for executors, which have no network. It is started anew when it ends. */
export interface Egress {
  /**
   * Resolves when it can connect.
   * @throws AppError internal_error when it does not start, or can do more than that
   */
  readonly ready: Promise<void>
  /** Hands it the other end of an executor's line. */
  connect(stream: unknown, terms: LineTerms): EgressLink
  close(): Promise<void>
}

export interface LineTerms {
  rules: EgressRules
  /** So many runs can have connections at once. */
  maxRuns: number
}

export interface EgressOptions {
  runtime: RuntimeFolder
  enclosure: Enclosure
  log: ExecutorLog
}

interface Line extends LineTerms {
  key: string
  /** The broker's end, until the broker has it. */
  socket: Socket
  state: "waiting" | "handed" | "taken"
  binding?: { hookEgress: HookEgress | undefined }
  listener: EgressListener | undefined
}

/** The first broker of a worker, on a busy machine. */
const START_LIMIT_MS = 10_000
const FIRST_DELAY_MS = 100
const MAX_DELAY_MS = 5_000
/** One that lived for so long is started again at once. */
const STEADY_MS = 10_000

// biome-ignore lint/complexity/noExcessiveLinesPerFunction: small functions that share the state of one broker
export function openEgress(options: EgressOptions): Egress {
  const { log } = options
  const lines = new Map<string, Line>()
  const { promise: ready, resolve: onReady, reject: onFailed } = Promise.withResolvers<void>()
  // Who starts executors awaits it, perhaps later than it fails.
  ready.catch(() => {})
  const startTimer = setTimeout(() => fail("it did not start in time"), START_LIMIT_MS)
  let broker = start()
  let delayMs = FIRST_DELAY_MS
  let restartTimer: NodeJS.Timeout | undefined
  let isClosed = false

  function start(): Broker {
    const started: Broker = startBroker(options, {
      onReport: take,
      onGone: (reason, livedMs) => onGone(reason, livedMs),
    })
    return started
  }

  function fail(reason: string): void {
    clearTimeout(startTimer)
    onFailed(new AppError("internal_error", `The egress broker cannot be used: ${reason}`))
  }

  function onGone(reason: string, livedMs: number): void {
    if (isClosed) {
      for (const line of lines.values()) end(line, { because: "closed" })
      return
    }
    fail(reason)
    log.warn({ reason }, "egress broker ended")
    for (const line of lines.values()) if (line.state !== "waiting") end(line, { because: "lost", reason })
    delayMs = livedMs > STEADY_MS ? FIRST_DELAY_MS : Math.min(2 * delayMs, MAX_DELAY_MS)
    restartTimer = setTimeout(() => {
      broker = start()
      handNext()
    }, delayMs)
  }

  function end(line: Line, how: LineEnd): void {
    lines.delete(line.key)
    line.listener?.onClosed(how)
  }

  /** One after the other: Node would keep the others open in this process, and read them. */
  function handNext(): void {
    if (!broker.isAlive || [...lines.values()].some(({ state }) => state === "handed")) return
    const line = [...lines.values()].find(({ state }) => state === "waiting")
    if (!line) return
    const { key, rules, maxRuns, socket } = line
    line.state = "handed"
    broker.order({ type: "line", key, rules, maxRuns }, socket)
    // Only this process' own descriptor of it.
    socket.destroy()
  }

  function take(report: EgressReport): void {
    if (report.type === "ready") {
      if (report.held.length === 0) onReady()
      else fail(`it has permissions that it must not have (${report.held.join(", ")})`)
      clearTimeout(startTimer)
    }
    if (report.type === "ready" || report.type === "pong") return
    const line = lines.get(report.key)
    if (report.type === "taken") {
      if (line) onTaken(line)
      handNext()
    }
    if (!line) return
    if (report.type === "calls") line.listener?.onCalls(callsOf(report))
    if (report.type === "fault") line.listener?.onFault(report.fault)
    if (report.type === "closed") end(line, { because: "closed" })
  }

  function onTaken(line: Line): void {
    line.state = "taken"
    if (line.binding) broker.order({ type: "bind", key: line.key, ...line.binding })
  }

  return {
    ready,
    connect(stream, terms) {
      const socket = stream instanceof Socket ? stream : new Socket().destroy()
      const line: Line = { ...terms, key: randomUUID(), socket, state: "waiting", listener: undefined }
      const { key } = line
      lines.set(key, line)
      socket.on("error", () => {})
      // Its executor ended before the broker could have it.
      socket.on("close", () => {
        if (line.state === "waiting") end(line, { because: "closed" })
      })
      handNext()
      return {
        bind(hookEgress) {
          line.binding = { hookEgress }
          if (line.state === "taken") broker.order({ type: "bind", key, hookEgress })
        },
        endRun: (run) => broker.order({ type: "end_run", key, run }),
        listen(listener) {
          line.listener = listener
        },
      }
    },
    async close() {
      isClosed = true
      clearTimeout(restartTimer)
      clearTimeout(startTimer)
      await broker.close()
    },
  }
}

function callsOf({ run, calls, open, isFinal }: Extract<EgressReport, { type: "calls" }>) {
  return { run, calls, open, isFinal }
}

/** One life of the broker. */
interface Broker {
  readonly isAlive: boolean
  order(order: EgressOrder, socket?: Socket): void
  close(): Promise<void>
}

interface BrokerEvents {
  onReport(report: EgressReport): void
  onGone(reason: string, livedMs: number): void
}

function startBroker(options: EgressOptions, on: BrokerEvents): Broker {
  const startedAt = performance.now()
  const child = spawnBroker(options)
  const death: Death = watchDeath(child)
  let isAlive = true
  const heartbeat = startHeartbeat({
    beat: () => order({ type: "ping" }),
    onSilence: () => death.kill("it fell silent"),
  })

  function order(message: EgressOrder, socket?: Socket): void {
    // What cannot be sent is the broker's end, which is reported there.
    if (child.connected) child.send(message, socket, { keepOpen: false }, () => {})
  }

  child.on("message", (message) => {
    heartbeat.heard()
    const { success, data } = egressReportSchema.safeParse(message)
    if (success) on.onReport(data)
    else death.kill("it sent a report of unknown form")
  })
  void death.gone.then(({ reason }) => {
    isAlive = false
    heartbeat.stop()
    on.onGone(reason, performance.now() - startedAt)
  })
  return {
    get isAlive() {
      return isAlive
    },
    order,
    async close() {
      death.kill("it is not needed any more")
      await death.gone
    },
  }
}

/** The system's resolver works in these threads, half of them at once: two for each executor that there can be. */
const RESOLVER_THREADS = 128

/** What it keeps for an executor that was taken over is bounded, a few MB each; this is for all of them together. */
const HEAP_MB = 256

/** What it has more than an executor is the network. */
function spawnBroker({ runtime, enclosure }: EgressOptions): ChildProcess {
  return startEnclosed(
    {
      runtime,
      enclosure,
      network: "shared",
      env: { UV_THREADPOOL_SIZE: String(RESOLVER_THREADS) },
      pipes: ["ipc"],
    },
    [
      "--permission",
      "--allow-net",
      `--allow-fs-read=${runtime.path}/`,
      `--max-old-space-size=${HEAP_MB}`,
      "--disallow-code-generation-from-strings",
      "--no-addons",
      "--disable-sigusr1",
      "--no-warnings",
      runtime.egressFile,
    ],
  )
}
