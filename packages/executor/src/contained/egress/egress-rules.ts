import type { HostPattern } from "@hooklane/core"

/**
 * Where hooks may connect to, as the deployment says: `none`, any `public` address, or an `allowlist` of names.
 * `exceptions` are private services, by name or address and port, that are open besides; not under `none`.
 */
export interface EgressRules {
  mode: "none" | "public" | "allowlist"
  allow: readonly HostPattern[]
  exceptions: readonly HostPattern[]
}

/** What a hook may narrow for itself; absent: nothing. */
export type HookEgress = "none" | readonly HostPattern[]

/** How a destination may be reached: not at all, at a public address, or whatever its address is. */
export type Reach = "refused" | "public" | "any"

/** SMTP between servers: what runs here would send spam under the address of the machine. */
const REFUSED_PORTS = new Set([25])

export function reachOf(
  rules: EgressRules,
  hookEgress: HookEgress | undefined,
  destination: Required<HostPattern>,
): Reach {
  if (rules.mode === "none" || hookEgress === "none") return "refused"
  if (hookEgress && !matchesAny(hookEgress, destination)) return "refused"
  if (matchesAny(rules.exceptions, destination)) return "any"
  if (REFUSED_PORTS.has(destination.port)) return "refused"
  if (rules.mode === "public") return "public"
  return matchesAny(rules.allow, destination) ? "public" : "refused"
}

/** True when some rule could hold for the name, whatever the port: it may be resolved. */
export function mayResolve(rules: EgressRules, hookEgress: HookEgress | undefined, host: string): boolean {
  if (rules.mode === "none" || hookEgress === "none") return false
  const names = (pattern: HostPattern) => matchesHost(pattern.host, host)
  if (hookEgress && !hookEgress.some(names)) return false
  return rules.mode === "public" || [...rules.allow, ...rules.exceptions].some(names)
}

function matchesAny(patterns: readonly HostPattern[], { host, port }: Required<HostPattern>): boolean {
  return patterns.some((one) => matchesHost(one.host, host) && (one.port ?? port) === port)
}

function matchesHost(pattern: string, host: string): boolean {
  if (pattern === "*") return true
  return pattern.startsWith("*.") ? host.endsWith(pattern.slice(1)) : host === pattern
}
