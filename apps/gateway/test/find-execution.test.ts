import type { ExecutionRecord, Job } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import type { FoundJob } from "@hooklane/queue"
import { openStorage, recordExecutions } from "@hooklane/storage"
import { ulid } from "ulid"
import { expect, onTestFinished, test, vi } from "vitest"
import { findExecution } from "../src/find-execution.ts"

/** An execution that its lane knows in this state, and what the history is told of it. */
async function start(status?: FoundJob["status"], acceptedAt = Date.now()) {
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: createKeyRing(generateMasterKey()) })
  onTestFinished(() => storage.close())
  const head = {
    executionId: `exe_${ulid(acceptedAt)}`,
    triggerId: "post-user-registration",
    hookId: "hook_1",
    hookName: "my-hook",
    versionId: "ver_1",
    acceptedAt,
  } as const
  const job: Job = { ...head, sealedEvent: "sealed" }
  const lanes = { find: vi.fn(async () => status && { job, status, attemptsMade: 1 }) }
  const record = (attempt: number, state: ExecutionRecord["status"]) =>
    recordExecutions(storage, [
      {
        head,
        at: acceptedAt + attempt,
        status: state,
        attempt: {
          attempt,
          workerId: "wrk_1",
          startedAt: acceptedAt,
          queueMs: 0,
          runMs: 1,
          logs: [],
          logsTruncated: false,
        },
      },
    ])
  const find = () => findExecution({ storage, lanes }, head.executionId)
  const looked = () => vi.waitFor(() => expect(lanes.find).toHaveBeenCalled())
  return { find, looked, record }
}

test("an execution that was accepted a moment ago is shown as its lane has it", async () => {
  const { find } = await start("queued")
  expect(await find()).toMatchObject({ status: "queued", attempts: [] })
})

test("what has happened is the history's to say, what happens now the lane's", async () => {
  const { find, record } = await start("running")
  await record(1, "retrying")
  expect(await find()).toMatchObject({ status: "running", attempts: [{ attempt: 1 }] })
})

test("a dead letter is shown with its last attempt, though the lane knows of it first", async () => {
  const { find, looked, record } = await start("dead_letter")
  await record(1, "retrying")
  const finding = find()
  await looked()
  await record(2, "dead_letter")
  expect(await finding).toMatchObject({ status: "dead_letter", attempts: [{ attempt: 1 }, { attempt: 2 }] })
})

test("a dead letter whose record was lost is shown nevertheless", async () => {
  const { find, record } = await start("dead_letter")
  await record(1, "retrying")
  expect(await find()).toMatchObject({ status: "dead_letter", attempts: [{ attempt: 1 }] })
})

test("a young execution that nobody knows is waited for", async () => {
  const { find, looked, record } = await start()
  const finding = find()
  await looked()
  await record(1, "succeeded")
  expect(await finding).toMatchObject({ status: "succeeded" })
})

test("an old one that nobody knows does not exist", async () => {
  const { find } = await start(undefined, Date.now() - 60_000)
  await expect(find()).rejects.toMatchObject({ code: "execution_not_found" })
})
