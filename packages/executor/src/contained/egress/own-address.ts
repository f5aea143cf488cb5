import { BlockList } from "node:net"
import { networkInterfaces } from "node:os"
import type { Address } from "../net-protocol.ts"

/**
 * Whether an address is one of this machine's, a public one as well: what listens here would be reached past every
 * firewall around it. The interfaces are read each time (some 0.1 ms): addresses come and go.
 */
export function isOwnAddress({ address, family }: Address, interfaces = networkInterfaces()): boolean {
  const own = new BlockList()
  for (const one of Object.values(interfaces).flatMap((addresses) => addresses ?? [])) {
    const [bare = ""] = one.address.split("%")
    if (one.family === `IPv${family}`) own.addAddress(bare, typeOf(family))
  }
  return own.check(address, typeOf(family))
}

function typeOf(family: number): "ipv4" | "ipv6" {
  return family === 6 ? "ipv6" : "ipv4"
}
