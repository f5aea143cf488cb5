import { mkdir } from "node:fs/promises"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import type { ExecutionRecord } from "@hooklane/core"
import { createKeyRing } from "@hooklane/core/keyring"
import { openStorage, recordExecutions } from "@hooklane/storage"

const BATCH = 5_000

/** Puts `count` ended executions of the last days into the database of a service that does not run yet. */
export async function fillHistory(dataDir: string, masterKey: string, count: number): Promise<void> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 })
  const databaseUrl = pathToFileURL(join(dataDir, "hooklane.db")).href
  const storage = await openStorage({ databaseUrl, keyRing: createKeyRing(masterKey) })
  const startAt = Date.now() - count * 100
  for (let from = 0; from < count; from += BATCH) {
    const size = Math.min(BATCH, count - from)
    await recordExecutions(
      storage,
      Array.from({ length: size }, (_, index) => record(from + index, startAt + (from + index) * 100)),
    )
  }
  await storage.close()
}

function record(number: number, at: number): ExecutionRecord {
  return {
    head: {
      executionId: `exe_${String(number).padStart(26, "0")}`,
      triggerId: "credentials-exchange",
      hookId: `hook-${number % 7}`,
      hookName: "filled",
      versionId: "ver_filled",
      acceptedAt: at,
    },
    at: at + 5,
    status: "succeeded",
    attempt: {
      attempt: 1,
      workerId: "wrk_1",
      startedAt: at + 2,
      queueMs: 2,
      runMs: 1,
      logs: [],
      logsTruncated: false,
    },
  }
}
