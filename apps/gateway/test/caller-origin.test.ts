import { parseConfig } from "@hooklane/core"
import { Hono } from "hono"
import { expect, test } from "vitest"
import { z } from "zod"
import { createFindOrigin, ownerOf } from "../src/caller-origin.ts"
import type { GatewayEnv } from "../src/router.ts"

const originSchema = z.object({
  address: z.string(),
  protocol: z.enum(["http", "https"]).optional(),
})

async function originOf(
  remoteAddress: string | undefined,
  headers: Record<string, string> = {},
  trusted?: string,
) {
  const findOrigin = createFindOrigin(parseConfig({ HOOKLANE_TRUSTED_PROXIES: trusted }))
  const app = new Hono<GatewayEnv>().get("/", (c) => c.json(findOrigin(c)))
  const answer = await app.request("/", { headers }, { incoming: { socket: { remoteAddress } } })
  return originSchema.parse(await answer.json())
}

test.for<[what: string, remote: string, forwardedFor: string, trusted: string | undefined, address: string]>([
  ["a caller that is no proxy speaks for itself only", "203.0.113.7", "1.2.3.4", undefined, "203.0.113.7"],
  ["a proxy of this machine is trusted", "127.0.0.1", "203.0.113.7", undefined, "203.0.113.7"],
  ["the same over IPv6", "::1", "203.0.113.7", undefined, "203.0.113.7"],
  ["the same in IPv6's form of IPv4", "::ffff:127.0.0.1", "203.0.113.7", undefined, "203.0.113.7"],
  ["unless nobody is", "127.0.0.1", "203.0.113.7", "none", "127.0.0.1"],
  [
    "what a caller says of itself stands first",
    "127.0.0.1",
    "1.2.3.4, 203.0.113.7",
    undefined,
    "203.0.113.7",
  ],
  ["a chain of proxies", "10.0.0.9", "203.0.113.7, 10.1.2.3", "10.0.0.0/8", "203.0.113.7"],
  ["networks by name", "192.168.1.1", "203.0.113.7", "loopback, private", "203.0.113.7"],
  ["IPv6", "fd00::1", "2001:db8::7", "fd00::/8", "2001:db8::7"],
  ["text that is no address", "127.0.0.1", "203.0.113.7, evil", undefined, "127.0.0.1"],
  ["a proxy that says nothing", "127.0.0.1", "", undefined, "127.0.0.1"],
])("%s", async ([_, remote, forwardedFor, trusted, address]) => {
  expect((await originOf(remote, { "x-forwarded-for": forwardedFor }, trusted)).address).toBe(address)
})

test.for<[remote: string, proto: string, protocol: string | undefined]>([
  ["127.0.0.1", "https", "https"],
  ["127.0.0.1", "http, HTTPS", "https"],
  ["127.0.0.1", "javascript", undefined],
  ["203.0.113.7", "https", undefined],
])("from %s, X-Forwarded-Proto %j means %s", async ([remote, proto, protocol]) => {
  expect((await originOf(remote, { "x-forwarded-proto": proto })).protocol).toBe(protocol)
})

test("a request without a connection has no address", async () => {
  expect(await originOf(undefined, { "x-forwarded-for": "203.0.113.7" })).toEqual({ address: "" })
})

test.each([
  ["203.0.113.7", "203.0.113.7"],
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8::7", "2001:db8:0:0::/64"],
  ["::1", ":0:0:0::/64"],
  ["", ""],
])("%s belongs to the owner of %s", (address, owner) => {
  expect(ownerOf(address)).toBe(owner)
})

test.each(["10.0.0.0/33", "example.com", "10.0.0", "fd00::/129"])("%s is no proxy", (trusted) => {
  expect(() => parseConfig({ HOOKLANE_TRUSTED_PROXIES: trusted })).toThrow(
    `"${trusted}" is not an address, a network, loopback, private or none`,
  )
})
