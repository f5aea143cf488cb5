import { expect, test } from "vitest"
import { testConnection, testRedis } from "./support.ts"

test("commands of one turn reach Redis as one read", async () => {
  const redis = await testRedis()
  const { commands } = testConnection({ url: redis.url })
  const readsSoFar = async () => {
    const stats = await commands.run((client) => client.info("stats"))
    return Number(/total_reads_processed:(\d+)/.exec(stats)?.[1])
  }
  const before = await readsSoFar()
  await Promise.all(Array.from({ length: 100 }, () => commands.run((client) => client.ping())))
  expect((await readsSoFar()) - before).toBeLessThan(5)
})
