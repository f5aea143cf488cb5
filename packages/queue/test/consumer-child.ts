import { triggerIdSchema } from "@hooklane/core"
import { openConnection, startConsumer } from "../src/index.ts"
import { QUICK_LOCKS } from "./locks.ts"

// A worker process that takes jobs and never ends one: it tells its parent and waits to be killed.
const [url = "", prefix = "", triggerId, speed] = process.argv.slice(2)

startConsumer(openConnection({ url, prefix }), {
  triggerId: triggerIdSchema.parse(triggerId),
  concurrency: 1,
  retryPolicy: { attempts: 2, firstDelayMs: 0, factor: 1, maxDelayMs: 0 },
  process: (job, { number }) => {
    process.send?.({ executionId: job.executionId, attempt: number })
    return new Promise(() => {})
  },
  onLost: async () => {},
  log: { info() {}, warn() {}, error() {} },
  ...(speed === "quick" ? { locks: QUICK_LOCKS } : {}),
})
