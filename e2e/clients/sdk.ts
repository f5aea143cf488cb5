import type { Hook } from "@hooklane/core"
import { type Driver, startDriver } from "./driver.ts"

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

/** Starts the package's driver. */
export function startSdk({ name, driver, options, caFile }: SdkPackage): Sdk & Pick<Driver, "stop"> {
  const { call, stop } = startDriver({ driver, args: [name, JSON.stringify(options)], caFile })
  const entries = METHODS.map((method) => [method, (...args: unknown[]) => call(method, args)])
  // Each method is made of its own name; the drivers give what the interface says, and the tests check it.
  return { ...(Object.fromEntries(entries) as Sdk), stop }
}
