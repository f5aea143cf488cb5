import { randomUUID } from "node:crypto"
import { mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import type { ExecutionRecord, Job, RetryPolicy } from "@hooklane/core"
import { inject, onTestFinished } from "vitest"
import { type PrivateRedis, startRedis } from "../../../scripts/redis.ts"
import { type ConnectionOptions, type Log, openConnection, type QueueConnection } from "../src/index.ts"

/** A connection under a prefix of its own; its keys and the connection itself go with the test. */
export function testConnection(options: Partial<ConnectionOptions> = {}): QueueConnection {
  const prefix = `test-${randomUUID()}`
  const connection = openConnection({ url: inject("redisUrl"), prefix, ...options })
  onTestFinished(async () => {
    await removeKeys(connection)
    await connection.close()
  })
  return connection
}

/** A Redis of the test's own that keeps its data over `stop` and `start`. */
export async function testRedis() {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-queue-"))
  let redis: PrivateRedis = await startRedis({ dir, persistence: "append_only" })
  onTestFinished(async () => {
    await redis.close()
    await rm(dir, { recursive: true, force: true })
  })
  return {
    url: redis.url,
    stop: () => redis.close(),
    start: async () => {
      redis = await startRedis({ dir, persistence: "append_only" })
    },
  }
}

export function asyncJob(overrides: Partial<Job> = {}): Job {
  return {
    executionId: `exe_${randomUUID()}`,
    triggerId: "post-user-registration",
    hookId: "01HOOK",
    hookName: "welcome",
    versionId: "ver_1",
    acceptedAt: Date.now(),
    sealedEvent: "key.sealed",
    ...overrides,
  }
}

export function syncJob(overrides: Partial<Job> = {}): Job {
  return asyncJob({
    triggerId: "credentials-exchange",
    deadlineAt: Date.now() + 10_000,
    replyTo: "gateway-1",
    ...overrides,
  })
}

export function record(executionId: string): ExecutionRecord {
  const { triggerId, hookId, hookName, versionId, acceptedAt } = asyncJob()
  return {
    head: { executionId, triggerId, hookId, hookName, versionId, acceptedAt },
    at: Date.now(),
    status: "queued",
  }
}

export function retryPolicy(overrides: Partial<RetryPolicy> = {}): RetryPolicy {
  return { attempts: 3, firstDelayMs: 0, factor: 1, maxDelayMs: 0, ...overrides }
}

/** A log that keeps the messages of its lines. */
export function keepingLog(): Log & { messages: string[] } {
  const messages: string[] = []
  const keep = (_fields: object, message: string) => {
    messages.push(message)
  }
  return { messages, info: keep, warn: keep, error: keep }
}

async function removeKeys({ prefix, commands }: QueueConnection): Promise<void> {
  const keys = await commands.run((client) => client.keys(`${prefix}:*`)).catch(() => [])
  if (keys.length > 0) await commands.run((client) => client.del(keys))
}
