import dns from "node:dns"
import { isIP } from "node:net"
import type { Address } from "../net-protocol.ts"
import { type Network, netError } from "../network.ts"
import { deny } from "./denied-module.ts"

type LookupCallback = (error: Error | null, address?: string | Address[], family?: number) => void

interface LookupOptions {
  family?: number | string
  all?: boolean
}

/** The `dns` of hooks: `lookup` asks the broker; there is no other question, and no server to choose. */
export function createDnsShim(network: Network): { dns: object; dnsPromises: object } {
  async function find(host: string, options: LookupOptions | number = {}): Promise<Address[]> {
    const wanted = typeof options === "number" ? options : options?.family
    const family = Number(String(wanted ?? 0).replace("IPv", ""))
    const known = isIP(host)
    const found = known ? [{ address: host, family: known }] : await network.lookup(String(host))
    const fitting = found.filter((one) => !family || one.family === family)
    if (fitting.length > 0) return fitting
    throw netError({ code: "ENOTFOUND", message: `getaddrinfo ENOTFOUND ${host}` })
  }

  function lookup(host: string, ...rest: [LookupCallback] | [LookupOptions | number, LookupCallback]): void {
    const [options, callback] = rest.length === 1 ? [{}, rest[0]] : rest
    find(host, options).then(
      (found) => {
        const [first] = found
        if (isAll(options)) callback(null, found)
        else callback(null, first?.address, first?.family)
      },
      (error) => callback(error),
    )
  }

  async function lookupPromise(host: string, options: LookupOptions | number = {}) {
    const found = await find(host, options)
    return isAll(options) ? found : found[0]
  }

  const shared = {
    ...constants(),
    setDefaultResultOrder: () => {},
    getDefaultResultOrder: () => "verbatim",
    getServers: () => [],
    setServers: () => {},
  }
  const dnsPromises = {
    ...refusals(dns.promises, "dns.promises"),
    ...shared,
    lookup: lookupPromise,
    Resolver: resolverClass(dns.promises.Resolver, "dns.promises"),
  }
  const own = { ...shared, lookup, promises: dnsPromises, Resolver: resolverClass(dns.Resolver, "dns") }
  return { dnsPromises, dns: { ...refusals(dns, "dns"), ...own } }
}

function isAll(options: LookupOptions | number): boolean {
  return typeof options === "object" && options?.all === true
}

function constants(): object {
  return Object.fromEntries(
    Object.entries(dns).filter(([, value]) => typeof value !== "function" && typeof value !== "object"),
  )
}

/** Every function that the real module has, as one that says no. */
function refusals(module: object, path: string): Record<string, unknown> {
  const names = Object.entries(module).filter(([, value]) => typeof value === "function")
  return Object.fromEntries(names.map(([name]) => [name, deny(`${path}.${name}`)]))
}

/** One that can be made and given servers, and has no answers. */
function resolverClass(real: { prototype: object }, path: string): object {
  class Resolver {
    cancel() {}
    getServers() {
      return []
    }
    setLocalAddress() {}
    setServers() {}
  }
  for (let part = real.prototype; part && part !== Object.prototype; part = Object.getPrototypeOf(part)) {
    for (const name of Object.getOwnPropertyNames(part)) {
      if (/^(?:resolve|reverse)/.test(name)) Reflect.set(Resolver.prototype, name, deny(`${path}.${name}`))
    }
  }
  return Resolver
}
