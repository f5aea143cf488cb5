import { lookup as systemLookup } from "node:dns/promises"
import { isIP } from "node:net"
import { domainToASCII } from "node:url"
import type { OutboundRefusal } from "@hooklane/core"
import { cutText, MAX_HOST_CHARS } from "../cut-text.ts"
import type { Address, NetProblem } from "../net-protocol.ts"
import { type EgressRules, type HookEgress, mayResolve, type Reach, reachOf } from "./egress-rules.ts"
import { isMetadataName } from "./metadata-name.ts"
import { isOwnAddress } from "./own-address.ts"
import { isPublic } from "./public-address.ts"

export interface Policy {
  rules: EgressRules
  hookEgress?: HookEgress | undefined
  /** All addresses of a name. Default: the system's resolver. */
  lookup?: (name: string) => Promise<Address[]>
}

/** The addresses that may be connected to, or why there are none. */
export type Resolution =
  | { addresses: Address[] }
  | { refusal: keyof typeof REFUSALS }
  | { problem: NetProblem }

/** As a hook is told. */
export const REFUSALS = {
  rules: "the rules for outbound connections do not allow it",
  private_address: "it is not a public address",
  no_host: "that is not the name of a host",
} satisfies Partial<Record<OutboundRefusal, string>>

const MAX_ADDRESSES = 4

/**
 * Decides on a connection. The name is resolved once, every address of the answer is judged, and the caller
 * connects to those addresses and not to the name: what it resolves to a moment later is of no account. What needs no
 * resolver is decided at once, so that a connection which is closed at once is listed as what it was.
 */
export function resolveDestination(
  policy: Policy,
  host: string,
  port: number,
): Resolution | Promise<Resolution> {
  const name = nameOf(host)
  if (name === undefined) return { refusal: "no_host" }
  return resolveName(policy, name, reachOf(policy.rules, policy.hookEgress, { host: name, port }))
}

/** Decides on a lookup alone. */
export async function resolveHost(
  policy: Policy,
  host: string,
): Promise<Exclude<Resolution, { refusal: string }>> {
  const name = nameOf(host)
  const isAllowed = name !== undefined && mayResolve(policy.rules, policy.hookEgress, name)
  const resolution = await resolveName(policy, name ?? "", isAllowed ? "public" : "refused")
  if (!("refusal" in resolution)) return resolution
  const message = `getaddrinfo EACCES ${cutText(host, MAX_HOST_CHARS)} - ${REFUSALS[resolution.refusal]}`
  return { problem: { code: "EACCES", message } }
}

function resolveName(policy: Policy, name: string, reach: Reach): Resolution | Promise<Resolution> {
  if (reach === "refused") return { refusal: "rules" }
  if (reach === "public" && isMetadataName(name)) return { refusal: "private_address" }
  const family = isIP(name)
  return family ? judge([{ address: name, family }], reach) : lookUp(policy, name, reach)
}

async function lookUp({ lookup = lookupAll }: Policy, name: string, reach: Reach): Promise<Resolution> {
  try {
    return judge(await lookup(name), reach)
  } catch (error) {
    return { problem: problemOf(error) }
  }
}

function judge(addresses: Address[], reach: Reach): Resolution {
  // One private address among public ones is how a name is made to point at both.
  if (reach === "public" && !addresses.every(isElsewhere)) return { refusal: "private_address" }
  return { addresses: addresses.slice(0, MAX_ADDRESSES) }
}

/** On the public internet, and not here. */
function isElsewhere(address: Address): boolean {
  return isPublic(address) && !isOwnAddress(address)
}

/** All addresses of a name, as the system's resolver knows them. */
export function lookupAll(name: string): Promise<Address[]> {
  return systemLookup(name, { all: true })
}

/** The one spelling that rules and resolver both see. No zone: `fe80::1%eth0` names an interface of ours. */
function nameOf(host: string): string | undefined {
  if (host.length > MAX_HOST_CHARS) return undefined
  const bare = host.toLowerCase().replace(/^\[(.*)\]$/, "$1")
  if (isIP(bare)) return bare.includes("%") ? undefined : bare
  return domainToASCII(bare.replace(/\.$/, "")) || undefined
}

/** The parts of an error of Node's that say what failed and where. */
export function problemOf(error: unknown): NetProblem {
  if (!(error instanceof Error)) return { code: "ERR_NETWORK", message: String(error) }
  const { address, port, hostname, errno }: NodeJS.ErrnoException & Partial<NetProblem> = error
  return {
    code: "code" in error ? String(error.code) : "ERR_NETWORK",
    message: error.message,
    ...(address !== undefined && { address }),
    ...(port !== undefined && { port }),
    ...(hostname !== undefined && { hostname }),
    ...(errno !== undefined && { errno }),
  }
}
