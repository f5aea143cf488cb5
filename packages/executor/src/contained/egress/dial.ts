import { connect, type Socket } from "node:net"
import type { Address, NetProblem } from "../net-protocol.ts"
import { problemOf } from "./resolve.ts"

/** An attempt to connect to a host. */
export interface Dialling {
  /** Resolves with the first connection that comes about, or with why none does. Never rejects. */
  connected: Promise<{ socket: Socket } | { problem: NetProblem }>
  cancel(): void
}

/** As Node's `autoSelectFamilyAttemptTimeout`: an address that does not answer by then gets a rival. */
const NEXT_AFTER_MS = 250
/** Of all addresses together. A host far away answers in under a second; the system itself tries for two minutes. */
const GIVE_UP_AFTER_MS = 10_000

/** Tries the addresses in their order, the next one when one fails or takes its time, and keeps the first. */
export function dial(addresses: readonly Address[], port: number): Dialling {
  const { promise: connected, resolve } = Promise.withResolvers<Awaited<Dialling["connected"]>>()
  const trying = new Set<Socket>()
  const left = [...addresses]
  let isOver = false
  let nextTimer: NodeJS.Timeout | undefined
  const giveUpTimer = setTimeout(() => finish({ problem: timedOut(addresses, port) }), GIVE_UP_AFTER_MS)

  function finish(result: Awaited<Dialling["connected"]>): void {
    if (isOver) return
    isOver = true
    clearTimeout(nextTimer)
    clearTimeout(giveUpTimer)
    const kept = "socket" in result ? result.socket : undefined
    for (const socket of trying) if (socket !== kept) socket.destroy()
    resolve(result)
  }

  function tryNext(): void {
    clearTimeout(nextTimer)
    const next = left.shift()
    if (!next || isOver) return
    const socket = attempt(next, port, {
      onConnect: () => finish({ socket }),
      onProblem(problem) {
        trying.delete(socket)
        if (left.length > 0) tryNext()
        else if (trying.size === 0) finish({ problem })
      },
    })
    trying.add(socket)
    if (left.length > 0) nextTimer = setTimeout(tryNext, NEXT_AFTER_MS)
  }

  tryNext()
  return { connected, cancel: () => finish({ problem: ABORTED }) }
}

const ABORTED: NetProblem = { code: "ECONNABORTED", message: "connect ECONNABORTED" }

interface AttemptEvents {
  onConnect(): void
  onProblem(problem: NetProblem): void
}

function attempt({ address, family }: Address, port: number, on: AttemptEvents): Socket {
  // The other side may have more to say after the hook has ended its own.
  const socket = connect({ host: address, family, port, autoSelectFamily: false, allowHalfOpen: true })
  let problem: NetProblem | undefined
  socket.once("connect", on.onConnect)
  // Stays: at every moment there must be a listener, whoever else is listening.
  socket.on("error", (error) => {
    problem = problemOf(error)
  })
  socket.once("close", () => on.onProblem(problem ?? ABORTED))
  return socket
}

function timedOut([first]: readonly Address[], port: number): NetProblem {
  const where = { address: first?.address ?? "", port }
  return { code: "ETIMEDOUT", message: `connect ETIMEDOUT ${where.address}:${port}`, ...where }
}
