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

const blocked = new BlockList()
for (const range of PRIVATE_IPV4) block(range, "ipv4")
for (const range of PRIVATE_IPV6) block(range, "ipv6")

/** @param address one that a resolver gave, or that `isIP` accepted */
export function isPublic({ address, family }: { address: string; family: number }): boolean {
  return !blocked.check(address, family === 6 ? "ipv6" : "ipv4")
}

function block(range: string, family: "ipv4" | "ipv6"): void {
  const [network = "", bits] = range.split("/")
  blocked.addSubnet(network, Number(bits), family)
}
