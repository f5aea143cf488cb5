import { type ExecutionRecord, executionHead } from "@hooklane/core"
import { appendRecords, isStoredUpTo, markRecords, openRecordReader } from "@hooklane/queue"
import { getExecution, openStorage, recordExecutions } from "@hooklane/storage"
import { ulid } from "ulid"
import { expect, inject, onTestFinished, test } from "vitest"
import { dispatch } from "../src/dispatch.ts"
import { createLostExecutionSearch, type LostExecutionsDeps } from "../src/lost-executions.ts"
import { startLane } from "./start-lane.ts"

const LANE = "post-user-registration"
const LATER_MS = 600_000

/** A paused lane with a history, and a search that looks `LATER_MS` later. */
async function laneWithHistory(changes: Partial<LostExecutionsDeps> = {}) {
  const lane = await startLane({ redisUrl: inject("redisUrl"), triggerId: LANE })
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: lane.deps.keyRing })
  onTestFinished(() => storage.close())
  const { connection, deps, records, trigger, event } = lane
  await deps.lanes.pause(LANE)

  async function accept(): Promise<string> {
    const result = await dispatch(deps, { trigger, event })
    await recordExecutions(storage, records.splice(0))
    return "executionId" in result ? result.executionId : ""
  }

  const closed: ExecutionRecord[] = []
  const search = createLostExecutionSearch({
    storage,
    lanes: deps.lanes,
    takeTurn: async () => true,
    markRecords: () => markRecords(connection),
    isStoredUpTo: (mark) => isStoredUpTo(connection, mark),
    record: (record) => void closed.push(record),
    now: () => Date.now() + LATER_MS,
    log: { warn: () => {} },
    ...changes,
  })
  return { ...lane, storage, accept, closed, search }
}

test("an accepted event that no lane knows any more ends as a dead letter that says so", async () => {
  const { accept, deps, search, closed, storage } = await laneWithHistory()
  const [waits, vanished] = [await accept(), await accept()]
  await deps.lanes.removeWaiting(vanished, LANE)
  await search()
  expect(closed).toMatchObject([
    { head: { executionId: vanished, hookId: "hook_1" }, status: "dead_letter", failure: "lost" },
  ])
  await recordExecutions(storage, closed)
  expect(await getExecution(storage, vanished)).toMatchObject({ status: "dead_letter", failure: "lost" })
  expect(await getExecution(storage, waits)).toMatchObject({ status: "queued" })
  closed.splice(0)
  await search()
  expect(closed).toEqual([])
})

test("a dead letter of which the history has not heard is closed as what it is", async () => {
  const { accept, search, closed } = await laneWithHistory({
    lanes: { locate: async () => ["dead_letter"] },
  })
  await accept()
  await search()
  expect(closed).toMatchObject([
    { status: "dead_letter", failure: "lost", error: { message: expect.stringContaining("used up") } },
  ])
})

test("what was heard of a moment ago is not looked for", async () => {
  const { accept, deps, search, closed } = await laneWithHistory({ now: Date.now })
  await deps.lanes.removeWaiting(await accept(), LANE)
  await search()
  expect(closed).toEqual([])
})

test("an end that is on its way to the history is waited for", async () => {
  const { accept, deps, search, closed, connection, storage } = await laneWithHistory()
  const id = await accept()
  const job = await deps.lanes.removeWaiting(id, LANE)
  const ends = job ? [{ head: executionHead(job), at: Date.now(), status: "succeeded" as const }] : []
  await appendRecords(connection, { maxStreamLength: 100 }, ends)
  const searching = search()
  const reader = openRecordReader(connection, { group: "history", consumer: "one" })
  const read = await reader.read({ count: 10, blockMs: 1_000 })
  await recordExecutions(
    storage,
    read.map(({ record }) => record),
  )
  await reader.ack(read.map(({ id: entry }) => entry))
  await reader.close()
  await searching
  expect(closed).toEqual([])
})

test("nothing is closed while the history is behind", async () => {
  let at = Date.now() + LATER_MS
  const { accept, deps, search, closed } = await laneWithHistory({
    markRecords: async () => "1-1",
    isStoredUpTo: async () => false,
    now: () => (at += 1_000),
  })
  await deps.lanes.removeWaiting(await accept(), LANE)
  await search()
  expect(closed).toEqual([])
})

test("when a Redis came back empty, all that it held is closed in one turn", async () => {
  const { storage, search, closed } = await laneWithHistory({
    lanes: { locate: async (_lane, ids) => ids.map(() => "nowhere") },
  })
  const waiting = Array.from({ length: 2_500 }, () => record(`exe_${ulid()}`))
  await recordExecutions(storage, waiting)
  await search()
  expect(new Set(closed.map(({ head }) => head.executionId)).size).toBe(2_500)
})

test("a gateway whose turn it is not does not look", async () => {
  const { accept, deps, search, closed } = await laneWithHistory({ takeTurn: async () => false })
  await deps.lanes.removeWaiting(await accept(), LANE)
  await search()
  expect(closed).toEqual([])
})

function record(executionId: string): ExecutionRecord {
  const head = {
    executionId,
    triggerId: LANE,
    hookId: "hook_1",
    hookName: "my-hook",
    versionId: "ver_1",
  } as const
  const at = Date.now()
  return { head: { ...head, acceptedAt: at }, at, status: "queued" }
}
