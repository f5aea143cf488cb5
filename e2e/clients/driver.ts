import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"

export interface DriverOptions {
  /** File of the drivers folder, without its ending. */
  driver: string
  args: readonly string[]
  caFile: string
}

export interface Driver {
  /** @throws Error with all that the client's own error tells */
  call(method: string, args: readonly unknown[]): Promise<unknown>
  stop(): Promise<void>
}

interface Answer {
  call: number
  value?: unknown
  error?: { message: string }
}

/** Runs a client in a process of its own: Node reads NODE_EXTRA_CA_CERTS only when it starts. */
export function startDriver({ driver, args, caFile }: DriverOptions): Driver {
  const child = fork(join(import.meta.dirname, `drivers/${driver}.mjs`), args, {
    env: { NODE_EXTRA_CA_CERTS: caFile, NODE_NO_WARNINGS: "1" },
    // What a client prints is not what it answers.
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  child.on("message", ({ call, value, error }: Answer) => {
    const waiter = waiting.get(call)
    waiting.delete(call)
    if (error) waiter?.reject(Object.assign(new Error(error.message), error))
    else waiter?.resolve(value)
  })
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${driver} ended with exit code ${code}`))
  })

  let calls = 0
  return {
    call(method, args) {
      const waiter = Promise.withResolvers<unknown>()
      waiting.set(++calls, waiter)
      child.send({ call: calls, method, args })
      return waiter.promise
    },
    async stop() {
      const exited = once(child, "exit")
      child.kill()
      await exited
    },
  }
}
