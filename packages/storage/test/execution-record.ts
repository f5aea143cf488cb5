import type { Attempt, ExecutionHead, ExecutionRecord } from "@hooklane/core"

/** A record of a succeeded execution, with what the test is about put in its place. */
export function executionRecord({
  head,
  ...rest
}: Partial<Omit<ExecutionRecord, "head">> & { head: Partial<ExecutionHead> & { executionId: string } }) {
  const record: ExecutionRecord = {
    head: {
      triggerId: "post-user-registration",
      hookId: "01GQN0P33H3AFJHRWS4KDSRHJK",
      hookName: "my-hook",
      versionId: "01GQN0P01XY4VE0PCK7H20QZ4M",
      acceptedAt: 1_000,
      ...head,
    },
    at: 2_000,
    status: "succeeded",
    ...rest,
  }
  return record
}

export function attemptOf(attempt: Partial<Attempt>): Attempt {
  return {
    attempt: 1,
    workerId: "worker-1",
    startedAt: 1_500,
    queueMs: 1.5,
    runMs: 20.25,
    logs: [],
    logsTruncated: false,
    ...attempt,
  }
}
