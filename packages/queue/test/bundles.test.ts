import { expect, test, vi } from "vitest"
import { loadBundle, publishBundle } from "../src/index.ts"
import { testConnection } from "./support.ts"

const bundleId = "b1"

test("a published bundle is loaded as it was", async () => {
  const connection = testConnection()
  const code = `exports.ä = ${JSON.stringify("x".repeat(2_000_000))}`
  await publishBundle(connection, { bundleId, retentionDays: 14, load: async () => code })
  expect(await loadBundle(connection, bundleId)).toBe(code)
})

test("a bundle that was never published is not there", async () => {
  expect(await loadBundle(testConnection(), bundleId)).toBeUndefined()
})

test("publishing again begins the time anew and does not send the bundle again", async () => {
  const connection = testConnection()
  const load = vi.fn(async () => "code")
  const ttl = () => connection.commands.run((client) => client.ttl(`${connection.prefix}:bundle:${bundleId}`))
  await publishBundle(connection, { bundleId, retentionDays: 1, load })
  expect(await ttl()).toBeLessThanOrEqual(86_400)
  await publishBundle(connection, { bundleId, retentionDays: 14, load })
  expect(await ttl()).toBeGreaterThan(13 * 86_400)
  expect(load).toHaveBeenCalledOnce()
})
