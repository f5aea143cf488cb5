import { isIP } from "node:net"
import { networkInterfaces } from "node:os"
import { describe, expect, test } from "vitest"
import { isOwnAddress } from "../src/contained/egress/own-address.ts"
import { isPublic } from "../src/contained/egress/public-address.ts"

function check(address: string): boolean {
  return isPublic({ address, family: isIP(address) })
}

test.each([
  "1.1.1.1",
  "8.8.8.8",
  "9.255.255.255",
  "100.63.255.255",
  "126.255.255.255",
  "172.15.255.255",
  "172.32.0.0",
  "192.0.43.8",
  "198.17.255.255",
  "223.255.255.255",
  "2606:4700::1111",
  "2a00:1450:4001::1",
  "2a00:1450:4001:80b:1:5efe:a00:1",
  "168.63.129.15",
  "168.63.129.17",
  "161.25.255.255",
  "166.12.0.0",
])("%s is a public address", (address) => {
  expect(check(address)).toBe(true)
})

test.each([
  "0.0.0.0",
  "10.255.255.255",
  "100.64.0.1",
  "127.0.0.1",
  "169.254.169.254",
  "172.31.255.255",
  "192.0.0.8",
  "192.168.0.1",
  "198.19.255.255",
  "203.0.113.1",
  "224.0.0.1",
  "255.255.255.255",
  "::",
  "::1",
  "::127.0.0.1",
  "::ffff:8.8.8.8",
  "::ffff:7f00:1",
  "64:ff9b::7f00:1",
  "2002:7f00:1::",
  "2001:db8::1",
  "fd00::1",
  "fe80::1",
  "ff02::1",
  "100:0:0:1::1",
  "5f00::1",
  "3ffe::1",
  "4000::1",
])("%s is none", (address) => {
  expect(check(address)).toBe(false)
})

test.each([
  ["AWS", "169.254.169.254"],
  ["AWS, its resolver", "169.254.169.253"],
  ["AWS, containers", "169.254.170.2"],
  ["AWS, pods", "169.254.170.23"],
  ["AWS over IPv6", "fd00:ec2::254"],
  ["AWS, pods over IPv6", "fd00:ec2::23"],
  ["Google over IPv6", "fd20:ce::254"],
  ["Azure, its wire server", "168.63.129.16"],
  ["Alibaba", "100.100.100.200"],
  ["Oracle", "192.0.0.192"],
  ["IBM, its resolver", "161.26.0.10"],
  ["IBM, its services", "166.8.0.1"],
  ["Tencent", "169.254.0.23"],
  ["Scaleway", "169.254.42.42"],
  ["Scaleway over IPv6", "fd00:42::42"],
  ["OpenStack over IPv6", "fe80::a9fe:a9fe"],
])("the metadata service of %s is not public: %s", (_, address) => {
  expect(check(address)).toBe(false)
})

/** How an IPv4 address, here as its last 32 bits, is written in IPv6. */
const EMBEDDINGS: [string, (low: string) => string][] = [
  ["compatible (RFC 4291)", (low) => `::${low}`],
  ["mapped (RFC 4291)", (low) => `::ffff:${low}`],
  ["translated (RFC 2765)", (low) => `::ffff:0:${low}`],
  ["NAT64 (RFC 6052)", (low) => `64:ff9b::${low}`],
  ["local NAT64 (RFC 8215)", (low) => `64:ff9b:1::${low}`],
  ["local NAT64 of 48 bits", (low) => `64:ff9b:1:7f00:0:1:0:${low.split(":")[1]}`],
  ["6to4 (RFC 3056)", (low) => `2002:${low}::1`],
  ["Teredo (RFC 4380)", (low) => `2001:0:${low}:8000:63bf:80ff:fffe`],
  ["ISATAP (RFC 5214)", (low) => `2a00:1450:4001:80b:0:5efe:${low}`],
  ["ISATAP, unique", (low) => `2a00:1450:4001:80b:200:5efe:${low}`],
]

describe.each(EMBEDDINGS)("an IPv4 address that is %s in IPv6 is refused", (_, embed) => {
  test.each(["7f00:1", "a00:1", "a9fe:a9fe", "a83f:8110", "808:808"])("with %s", (low) => {
    expect(check(embed(low))).toBe(false)
    expect(check(embed(low).toUpperCase())).toBe(false)
  })
})

test("an address that ends like the metadata service's is refused: a network may translate it", () => {
  expect(check("2a00:1450:4001:80b::169.254.169.254")).toBe(false)
  expect(check("2a00:1450:4001:80b::a9fe:a9fe")).toBe(false)
})

describe("an address of an interface is this machine's", () => {
  const interfaces = {
    eth0: [
      { address: "5.6.7.8", netmask: "", family: "IPv4", mac: "", internal: false, cidr: null } as const,
      {
        address: "2a00:1450::8",
        netmask: "",
        family: "IPv6",
        mac: "",
        internal: false,
        cidr: null,
        scopeid: 0,
      } as const,
    ],
    gone: undefined,
  }
  test.each([
    ["5.6.7.8", true],
    ["5.6.7.9", false],
    ["2a00:1450::8", true],
    ["2A00:1450:0:0::0008", true],
    ["2a00:1450::9", false],
    ["::5.6.7.8", false],
  ])("%s: %s", (address, expected) => {
    expect(isOwnAddress({ address, family: isIP(address) }, interfaces)).toBe(expected)
  })

  test("as the system tells it", () => {
    const all = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    for (const { address } of all) expect(isOwnAddress({ address, family: isIP(address) })).toBe(true)
    expect(all.length).toBeGreaterThan(0)
  })
})
