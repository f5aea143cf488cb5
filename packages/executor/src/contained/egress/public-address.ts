import { BlockList } from "node:net"

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
]

const PRIVATE_IPV6 = [
  "::/96",
  "::ffff:0:0/96",
  "64:ff9b::/96",
  "64:ff9b:1::/48",
  "100::/64",
  "2001::/23",
  "2001:db8::/32",
  "2002::/16",
  "3fff::/20",
  "5f00::/16",
  "fc00::/7",
  "fe80::/10",
  "fec0::/10",
  "ff00::/8",
]

/** One list for each family: in a list of both, an IPv4 address counts as the IPv6 address that it is mapped to. */
const blocked = { ipv4: blockListOf(PRIVATE_IPV4, "ipv4"), ipv6: blockListOf(PRIVATE_IPV6, "ipv6") }

/** @param address one that a resolver gave, or that `isIP` accepted */
export function isPublic({ address, family }: { address: string; family: number }): boolean {
  const type = family === 6 ? "ipv6" : "ipv4"
  return !blocked[type].check(address, type)
}

function blockListOf(ranges: readonly string[], type: "ipv4" | "ipv6"): BlockList {
  const list = new BlockList()
  for (const range of ranges) {
    const [network = "", bits] = range.split("/")
    list.addSubnet(network, Number(bits), type)
  }
  return list
}
