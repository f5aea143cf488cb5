import { BlockList, isIP } from "node:net"
import type { Config } from "@hooklane/core"
import type { Context } from "hono"
import type { GatewayEnv } from "./router.ts"

/** Where a request comes from, as far as it can be believed. */
export interface CallerOrigin {
  /** The address of who made it, behind the proxies that are trusted; empty when it did not come over a network. */
  address: string
  /** How the caller reached the first trusted proxy; undefined when none of them says so. */
  protocol: "http" | "https" | undefined
}

export type FindOrigin = (c: Context<GatewayEnv>) => CallerOrigin

/** More hops than this no deployment has. */
const MAX_HOPS = 16

/**
 * Reads `X-Forwarded-For` and `X-Forwarded-Proto` of those who are trusted. Each proxy adds who called it at the end,
 * so the last one that is not trusted is the caller; what stands before it is the caller's own word.
 */
export function createFindOrigin({ trustedProxies }: Pick<Config, "trustedProxies">): FindOrigin {
  const trusted = blockListOf(trustedProxies)
  const isTrusted = (address: string) => trusted.check(address, isIP(address) === 6 ? "ipv6" : "ipv4")

  return (c) => {
    const connected = plainAddress(c.env?.incoming?.socket.remoteAddress ?? "")
    if (isIP(connected) === 0 || !isTrusted(connected)) return { address: connected, protocol: undefined }
    return {
      address: callerOf(connected, c.req.header("x-forwarded-for"), isTrusted),
      protocol: protocolOf(c.req.header("x-forwarded-proto")),
    }
  }
}

/** The network that one owner holds: the address itself, of IPv6 its first 64 bits. */
export function ownerOf(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = "", tail] = address.split("::")
  const before = head.split(":")
  const after = tail?.split(":") ?? []
  const zeros = Array.from({ length: Math.max(0, 8 - before.length - after.length) }, () => "0")
  return `${[...before, ...(tail === undefined ? [] : [...zeros, ...after])].slice(0, 4).join(":")}::/64`
}

function callerOf(connected: string, forwardedFor = "", isTrusted: (address: string) => boolean): string {
  let caller = connected
  for (const hop of forwardedFor.split(",").slice(-MAX_HOPS).reverse()) {
    const address = plainAddress(hop.trim())
    if (isIP(address) === 0) return caller
    caller = address
    if (!isTrusted(address)) return caller
  }
  return caller
}

/** The last one is what the proxy that we know of says. */
function protocolOf(forwardedProto = ""): CallerOrigin["protocol"] {
  const last = forwardedProto.split(",").at(-1)?.trim().toLowerCase()
  return last === "http" || last === "https" ? last : undefined
}

/** Without the form that IPv4 takes on an IPv6 socket, and without a zone. */
function plainAddress(address: string): string {
  return address
    .replace(/^::ffff:(?=\d+\.\d+\.\d+\.\d+$)/i, "")
    .replace(/%.*$/, "")
    .toLowerCase()
}

function blockListOf(networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = "", bits] = network.split("/")
    const family = isIP(address) === 6 ? "ipv6" : "ipv4"
    list.addSubnet(address, Number(bits ?? (family === "ipv6" ? 128 : 32)), family)
  }
  return list
}
