import type { Socket } from "node:net"
import { openExecutorHost, type WallOptions } from "../executor-host.ts"
import type { ExecutorLog } from "../run-task.ts"
import { readCodeDigest } from "./code-digest.ts"
import { greet, type WorkerLine } from "./greet.ts"
import type { Greeting } from "./protocol.ts"
import { openRoom } from "./room.ts"
import { openSession, type Session } from "./session.ts"
import { listenOnSocket } from "./socket-path.ts"

export interface SandboxOptions extends WallOptions {
  /** `unix://` and the path at which workers connect. */
  url: string
  /** Executors at once, of all workers, blank ones apart. Default: what the memory here has room for, at most 32. */
  maxExecutors?: number | undefined
  log: ExecutorLog & { info(fields: object, message: string): void }
}

export interface Sandbox {
  /** Kills every executor; its workers see them crash, and try again elsewhere. */
  close(): Promise<void>
}

const MAX_WORKERS = 16

/**
 * Serves workers with executors, from a process that holds no credential and, in a container, on a network without
 * the service's own. What runs in an executor never talks to this process.
 * @throws AppError invalid_setting when it cannot listen there
 */
export async function startSandbox({ url, log, ...options }: SandboxOptions): Promise<Sandbox> {
  const host = await openExecutorHost(log, options)
  const code = await readCodeDigest()
  const maxExecutors = options.maxExecutors ?? host.maxExecutors
  const sessions = new Map<string, Session>()
  const room = openRoom(sessions, maxExecutors)

  function refusalOf(worker: { code: string }): string | undefined {
    if (worker.code !== code)
      return "The sandbox service and this worker are of different versions: start both from the same one"
    if (sessions.size >= MAX_WORKERS) return `The sandbox service serves ${MAX_WORKERS} workers already`
    return undefined
  }

  function welcome({ settings, ...worker }: Greeting & { type: "worker" }, line: WorkerLine): void {
    const refusal = refusalOf(worker)
    if (refusal !== undefined) {
      line.refuse(refusal)
      return
    }
    const session = openSession({ host, settings, maxExecutors, room, report: line.report })
    sessions.set(session.id, session)
    log.info({ worker: session.id }, "worker connected")
    line.serve(session.take, () => {
      log.info({ worker: session.id, executors: session.size }, "worker left")
      void session.close().then(() => sessions.delete(session.id))
    })
  }

  function start({ worker, ...wanted }: Greeting & { type: "executor" }, socket: Socket): void {
    const session = sessions.get(worker)
    if (session) void session.start(wanted, socket)
    else socket.destroy()
  }

  const server = await listenOnSocket(url, (socket) => greet(socket, { welcome, start })).catch(
    async (error) => {
      await host.close()
      throw error
    },
  )
  const { wall, by } = host.enclosure
  log.info({ url, maxExecutors, wall, by }, "sandbox started")
  return {
    async close() {
      await server.close()
      await Promise.all(Array.from(sessions.values(), (session) => session.close()))
      await host.close()
    },
  }
}
