import { fork } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import type { Hook } from "@hooklane/core"

/** One package of `auth0`, by the driver that speaks its interface. */
export interface SdkPackage {
  name: string
  driver: "auth0-2" | "auth0-4" | "auth0-5"
  /** What its client is made with. */
  options: Record<string, unknown>
  caFile: string
}

type NewHook = Pick<Hook, "name" | "script" | "triggerId"> & Partial<Hook>
type Secrets = Record<string, string>

/** The calls that every major has, under one name each. */
export interface Sdk {
  create(hook: NewHook): Promise<Hook>
  /** One page. */
  list(query?: object): Promise<{ hooks: Hook[]; total?: number }>
  /** Every page. */
  listAll(query?: object): Promise<Hook[]>
  get(id: string): Promise<Hook>
  update(id: string, changes: Partial<Hook>): Promise<Hook>
  delete(id: string): Promise<unknown>
  getSecrets(id: string): Promise<Secrets>
  addSecrets(id: string, secrets: Secrets): Promise<unknown>
  updateSecrets(id: string, secrets: Secrets): Promise<unknown>
  removeSecrets(id: string, names: string[]): Promise<unknown>
}

const METHODS = [
  "create",
  "list",
  "listAll",
  "get",
  "update",
  "delete",
  "getSecrets",
  "addSecrets",
  "updateSecrets",
  "removeSecrets",
] as const satisfies (keyof Sdk)[]

interface Answer {
  call: number
  value?: unknown
  error?: { message: string }
}

/** Runs the package in a process of its own, since Node reads NODE_EXTRA_CA_CERTS only when it starts. */
export function startSdk({ name, driver, options, caFile }: SdkPackage): Sdk & { stop(): Promise<void> } {
  const child = fork(join(import.meta.dirname, `drivers/${driver}.mjs`), [name, JSON.stringify(options)], {
    env: { NODE_EXTRA_CA_CERTS: caFile, NODE_NO_WARNINGS: "1" },
  })
  const waiting = new Map<number, PromiseWithResolvers<unknown>>()
  child.on("message", ({ call, value, error }: Answer) => {
    const waiter = waiting.get(call)
    waiting.delete(call)
    if (error) waiter?.reject(Object.assign(new Error(error.message), error))
    else waiter?.resolve(value)
  })
  child.on("exit", (code) => {
    for (const { reject } of waiting.values()) reject(new Error(`${name} ended with exit code ${code}`))
  })

  let calls = 0
  const entries = METHODS.map((method) => [
    method,
    (...args: unknown[]) => {
      const waiter = Promise.withResolvers<unknown>()
      waiting.set(++calls, waiter)
      child.send({ call: calls, method, args })
      return waiter.promise
    },
  ])
  return {
    // Each method is made of its own name; the drivers give what the interface says, and the tests check it.
    ...(Object.fromEntries(entries) as Sdk),
    async stop() {
      const exited = once(child, "exit")
      child.kill()
      await exited
    },
  }
}
