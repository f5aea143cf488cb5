import { randomUUID } from "node:crypto"
import { AppError, isAtLeast, type StandingWall } from "@hooklane/core"
import type { WallOptions } from "../executor-host.ts"
import type { LaunchedExecutor } from "../launched-executor.ts"
import type { Launcher, LauncherOptions } from "../launcher.ts"
import { readCodeDigest } from "./code-digest.ts"
import { type Control, openControl } from "./control.ts"
import { keepControl } from "./keep-control.ts"
import { type Report, withoutBlame } from "./protocol.ts"
import { openRemoteExecutor, type RemoteExecutor } from "./remote-executor.ts"
import { socketPathOf } from "./socket-path.ts"

/** For so long after it did not start an executor, the service is not asked for another one. */
const SHORTAGE_PAUSE_MS = 1_000

/**
 * Starts executors in the sandbox service at `url`. While that is away, the executors are taken for dead and none
 * is started.
 * @throws AppError invalid_setting when no service is there within 30 s
 * @throws AppError internal_error when it refuses this worker, or would not contain a hook
 */
export async function connectToSandbox({
  url,
  log,
  settings,
  walls,
  ...wanted
}: Omit<LauncherOptions, "executorUrl"> & { url: string }): Promise<Launcher> {
  const path = socketPathOf(url)
  const code = await readCodeDigest()
  const executors = new Map<string, RemoteExecutor>()
  let shortage: { reason: string; until: number } | undefined

  function receive(report: Report): void {
    if (report.type === "memory") {
      for (const { key, ...figures } of report.executors) executors.get(key)?.onMemory(figures)
    }
    if (report.type === "waited") {
      for (const { key, waitedMs } of report.executors) executors.get(key)?.onWaited(waitedMs)
    }
    if (report.type === "started") executors.get(report.key)?.onStarted(report.pid)
    if (report.type === "calls") executors.get(report.key)?.onLine.onCalls(report.report)
    if (report.type === "line_fault") executors.get(report.key)?.onLine.onFault(report.fault)
    if (report.type === "line_closed") executors.get(report.key)?.onLine.onClosed(report.end)
    if (report.type === "wanted") executors.get(report.key)?.onWanted()
    if (report.type === "gone") executors.get(report.key)?.onGone(report.death)
  }

  async function keep(key: string, executor: RemoteExecutor): Promise<void> {
    executors.set(key, executor)
    const { reason } = await executor.gone
    executors.delete(key)
    if (executor.pid === 0) shortage = { reason, until: performance.now() + SHORTAGE_PAUSE_MS }
  }

  function giveUpAll(reason: string): void {
    for (const executor of executors.values()) executor.giveUp(reason)
  }

  async function open(): Promise<Control> {
    const control = await openControl({ path, code, settings, onReport: receive })
    const fault = faultOf(control.wall, walls)
    if (fault === undefined) return control
    control.close(fault)
    throw new AppError("invalid_setting", fault)
  }
  const line = await keepControl({ url, open, log, onLost: giveUpAll })
  return {
    maxExecutors: Math.min(wanted.maxExecutors ?? line.maxExecutors, line.maxExecutors),
    wall: line.wall,
    problem: () =>
      line.problem ?? (shortage && performance.now() < shortage.until ? shortage.reason : undefined),
    launch({ heapMb }) {
      const { current: control } = line
      if (!control) return notLaunched(line.problem)
      const key = randomUUID()
      const executor = openRemoteExecutor({ path, control, key, kind: { heapMb } })
      void keep(key, executor)
      return executor
    },
    async close() {
      line.close("this worker is closing")
    },
  }
}

function faultOf({ wall, by }: StandingWall, { minimumWall = "process" }: WallOptions): string | undefined {
  if (isAtLeast(wall, minimumWall)) return undefined
  return (
    `HOOKLANE_WALLS=${minimumWall}, but the wall around hooks in the sandbox service is "${wall}" (${by}), so none is ` +
    "run. Its log says why it is no higher, and docs/security.md how to get each wall."
  )
}

function notLaunched(reason = "the sandbox service is away"): LaunchedExecutor {
  return {
    pid: 0,
    rssMb: 0,
    stream: new Promise(() => {}),
    gone: Promise.resolve(withoutBlame(reason)),
    egress: { bind() {}, endRun() {}, listen() {} },
    kill() {},
    setBaseline() {},
    hold: () => () => {},
  }
}
