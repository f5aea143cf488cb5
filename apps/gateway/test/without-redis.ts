import type { AppDeps } from "../src/app.ts"

type RedisDeps = Omit<
  AppDeps,
  "config" | "storage" | "log" | "hookSaved" | "hookDeleted" | "retryBuild" | "now" | "keyRing"
>

/** The parts of an app that need Redis, for tests of those that do not: whoever uses one is told. */
export function withoutRedis(): RedisDeps {
  return {
    admission: { admitSync: unreachable, admitAsync: unreachable },
    enabledHooks: { get: unreachable, all: unreachable },
    circuits: { of: unreachable, find: () => undefined, list: () => [] },
    lanes: {
      enqueue: unreachable,
      counts: unreachable,
      waitingCount: unreachable,
      load: unreachable,
      pause: unreachable,
      resume: unreachable,
      find: unreachable,
      locate: unreachable,
      removeWaiting: unreachable,
      removeNext: unreachable,
      limit: unreachable,
      deadLetters: unreachable,
      setReplayMark: unreachable,
      removeDeadLetter: unreachable,
      pruneDeadLetters: unreachable,
      bullQueues: () => [],
      close: unreachable,
    },
    replies: { address: "none", wait: unreachable },
    record: unreachable,
    announceCancellation: unreachable,
    reply: unreachable,
    newExecutionId: unreachable,
    syncTimeoutMs: 1_000,
    takeKey: unreachable,
    answerKey: unreachable,
    freeKey: unreachable,
    pingRedis: unreachable,
    pingDatabase: unreachable,
    workerCount: unreachable,
    phase: () => "running",
    metrics: { scrape: unreachable, contentType: "text/plain" },
    listWorkers: unreachable,
  }
}

function unreachable(): never {
  throw new Error("This test has no Redis")
}
