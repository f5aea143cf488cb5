/**
 * What passes between a hook's thread, which has no network, and the executor's main thread, which passes it on to
 * the egress broker. It travels over the port of the run. `id` names a connection, or a lookup, within its run.
 */
export type NetRequest =
  | { kind: "net_open"; id: number; host: string; port: number }
  | { kind: "net_write"; id: number; bytes: Uint8Array<ArrayBuffer> }
  /** Nothing more will be written. */
  | { kind: "net_end"; id: number }
  | { kind: "net_close"; id: number }
  /** So many bytes of what came in were read: as many more may come. */
  | { kind: "net_taken"; id: number; bytes: number }
  | { kind: "net_lookup"; id: number; host: string }

export type NetEvent =
  | { kind: "opened"; id: number; remote: Endpoint; local: Endpoint }
  /** The last `net_write` has left. */
  | { kind: "written"; id: number }
  | { kind: "data"; id: number; bytes: Uint8Array<ArrayBuffer> }
  | { kind: "ended"; id: number }
  | { kind: "closed"; id: number; problem?: NetProblem }
  | { kind: "addresses"; id: number; addresses: Address[] }

export interface Address {
  address: string
  family: number
}

export interface Endpoint extends Address {
  port: number
}

/** An error of a connection, without the parts that make it an object of another thread. */
export interface NetProblem {
  code: string
  message: string
  /** Where to, as Node's errors have it. */
  address?: string
  port?: number
  /** The name that was looked up. */
  hostname?: string
  /** The system's number of the error. */
  errno?: number
}
