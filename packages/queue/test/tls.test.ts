import { getCACertificates, setDefaultCACertificates } from "node:tls"
import { expect, inject, onTestFinished, test, vi } from "vitest"
import { startTlsFront } from "../../../scripts/tls/tls-front.ts"
import { openLanes, startConsumer } from "../src/index.ts"
import { asyncJob, keepingLog, retryPolicy, testConnection } from "./support.ts"

/** The run's Redis behind TLS, as a `rediss://` address. */
async function redisBehindTls() {
  const { protocol, pathname, port, password } = new URL(inject("redisUrl"))
  const server = protocol === "unix:" ? { path: pathname } : { port: Number(port) }
  const front = await startTlsFront({ server, protocol: "redis" })
  onTestFinished(() => front.close())
  return { front, url: `rediss://${password && `:${password}@`}localhost:${front.port}` }
}

/** As NODE_EXTRA_CA_CERTS does for a whole process. */
function trust(authority: string): void {
  const before = getCACertificates()
  setDefaultCACertificates([...before, authority])
  onTestFinished(() => setDefaultCACertificates(before))
}

test("over rediss:// a job goes its whole way through TLS", async () => {
  const { front, url } = await redisBehindTls()
  trust(front.authority)
  const connection = testConnection({ url })
  const lanes = openLanes(connection, { maxDeadLetters: 10, retentionDays: 1 })
  onTestFinished(() => lanes.close())
  const job = asyncJob()
  const process = vi.fn(async () => "done" as const)
  const consumer = startConsumer(connection, {
    triggerId: job.triggerId,
    concurrency: 1,
    retryPolicy: retryPolicy(),
    process,
    onLost: async () => {},
    log: keepingLog(),
  })
  onTestFinished(() => consumer.close())
  await lanes.enqueue(job)
  await vi.waitFor(() => expect(process).toHaveBeenCalledOnce(), { timeout: 5_000 })
  expect(front.wasUsed).toBe(true)
})

test("a Redis that nobody vouches for is not spoken to", async () => {
  const { url } = await redisBehindTls()
  const log = keepingLog()
  const connection = testConnection({ url, log, timeoutMs: 300 })
  await expect(connection.ping(300)).rejects.toMatchObject({ code: "redis_unavailable" })
  expect(log.messages).toContain("redis connection failed")
})
