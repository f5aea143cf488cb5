import { connect, type Socket } from "node:net"
import type { Address, NetProblem } from "./net-protocol.ts"
import { problemOf } from "./resolve.ts"

/** One attempt to connect; `connected` resolves with what went wrong, if anything. */
export interface Dialling {
  socket: Socket
  connected: Promise<NetProblem | undefined>
}

export function dial({ address, family }: Address, port: number): Dialling {
  // The other side may have more to say after the hook has ended its own.
  const socket = connect({ host: address, family, port, autoSelectFamily: false, allowHalfOpen: true })
  const { promise: connected, resolve } = Promise.withResolvers<NetProblem | undefined>()
  socket.once("connect", () => resolve(undefined))
  // Stays: at every moment there must be a listener, whoever else is listening.
  socket.on("error", (error) => resolve(problemOf(error)))
  socket.once("close", () => resolve({ code: "ECONNABORTED", message: "connect ECONNABORTED" }))
  return { socket, connected }
}
