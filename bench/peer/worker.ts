import { fileURLToPath } from "node:url"
import { Worker } from "bullmq"
import { Redis } from "ioredis"
import { Piscina } from "piscina"

/** The worker of the peer: hooks in piscina's threads, a hundred jobs in hand. */
const pool = new Piscina({
  filename: fileURLToPath(new URL("./hook.ts", import.meta.url)),
  // As many as the service has by default.
  minThreads: 2,
  maxThreads: 2,
})
const connection = new Redis(process.env["PEER_REDIS"] ?? "", { maxRetriesPerRequest: null })
const worker = new Worker("hooks", (job) => pool.run(job.data, { name: job.name }), {
  connection,
  concurrency: 100,
})
await worker.waitUntilReady()
console.log("ready")
