import { isIP } from "node:net"
import { expect, test } from "vitest"
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
])("%s is none", (address) => {
  expect(check(address)).toBe(false)
})
