import { BlockList } from "node:net"
import type { Address } from "../net-protocol.ts"

/** Everything that is not the public internet: this machine, private networks, metadata services, translations. */
const PRIVATE_IPV4 = [
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4",
  // Azure's wire server, and IBM Cloud's services for its own machines. Other clouds' are link-local or private.
  "168.63.129.16/32",
  "161.26.0.0/16",
  "166.8.0.0/14",
]

/** All that is public in IPv6. The ranges that map, translate or embed IPv4 addresses are elsewhere, or listed below. */
const PUBLIC_IPV6 = ["2000::/3"]

/** Of those: protocols and Teredo, documentation (twice), 6to4, the old 6bone. */
const PRIVATE_IPV6 = ["2001::/23", "2001:db8::/32", "2002::/16", "3ffe::/16", "3fff::/20"]

/** One list for each family: in a list of both, an IPv4 address counts as the IPv6 address that it is mapped to. */
const privateIpv4 = blockListOf(PRIVATE_IPV4, "ipv4")
const publicIpv6 = blockListOf(PUBLIC_IPV6, "ipv6")
const privateIpv6 = blockListOf(PRIVATE_IPV6, "ipv6")

/** @param address one that a resolver gave, or that `isIP` accepted */
export function isPublic({ address, family }: Address): boolean {
  if (family !== 6) return !privateIpv4.check(address, "ipv4")
  return publicIpv6.check(address, "ipv6") && !privateIpv6.check(address, "ipv6") && !isTunnel(address)
}

/**
 * Under any prefix, such an address leads to the IPv4 address in its last 32 bits: ISATAP (RFC 5214) by its interface
 * identifier; a network's own NAT64 (RFC 6052) cannot be told apart, but for what nobody else would end with.
 */
function isTunnel(address: string): boolean {
  const groups = groupsOf(address)
  const [, , , , fifth = 0, sixth, seventh, eighth] = groups
  const isIsatap = sixth === 0x5efe && (fifth & ~0x0300) === 0
  return isIsatap || (seventh === METADATA_GROUP && eighth === METADATA_GROUP)
}

/** 169.254.169.254 is this, twice. */
const METADATA_GROUP = 0xa9fe

/** The eight groups of an IPv6 address; `URL` writes any of its spellings in one way. */
function groupsOf(address: string): number[] {
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::")
  const [before = [], after = []] = [head, tail ?? ""].map((part) => part.split(":").filter(Boolean))
  const zeros = Array.from({ length: 8 - before.length - after.length }, () => "0")
  return [...before, ...zeros, ...after].map((group) => Number.parseInt(group, 16))
}

function blockListOf(ranges: readonly string[], type: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = "", bits] = range.split("/")
    list.addSubnet(network, Number(bits), type)
  }
  return list
}
