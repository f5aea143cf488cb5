import { serve } from "@hono/node-server"
import { Queue, QueueEvents } from "bullmq"
import { Hono } from "hono"
import { Redis } from "ioredis"

/**
 * What the service is compared with: hooks over HTTP as a straightforward developer would build it in an afternoon
 * with Hono, BullMQ and piscina. No containment, no encryption, no history, no authentication, no log.
 */
const redisPath = process.env["PEER_REDIS"] ?? ""
const connection = new Redis(redisPath, { maxRetriesPerRequest: null })
const queue = new Queue("hooks", { connection })
const queueEvents = new QueueEvents("hooks", {
  connection: new Redis(redisPath, { maxRetriesPerRequest: null }),
})

const app = new Hono()

app.post("/sync", async (c) => {
  const job = await queue.add("sync", await c.req.json())
  const result = await job.waitUntilFinished(queueEvents)
  return c.json({ executionId: job.id, status: "succeeded", result })
})

app.post("/async", async (c) => {
  const job = await queue.add("async", await c.req.json())
  return c.json({ executionId: job.id, status: "queued" }, 202)
})

await queueEvents.waitUntilReady()
serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, ({ port }) => console.log(port))
