import type { ExecutionRecord } from "@hooklane/core"
import {
  dropVersions,
  isStoredUpTo,
  listReplacedVersions,
  markRecords,
  openRecordReader,
  takeTurn,
  takeWantedVersions,
} from "@hooklane/queue"
import {
  findHistoryStart,
  findVersionsInUse,
  getSnapshot,
  pruneBundles,
  pruneExecutions,
  recordExecutions,
} from "@hooklane/storage"
import type { Logger } from "pino"
import { startSavingDocuments } from "./hook-documents.ts"
import { createLostExecutionSearch } from "./lost-executions.ts"
import { publishVersion } from "./publish-version.ts"
import { startRecorder } from "./recorder.ts"
import { startRepeating } from "./repeat.ts"
import { dropReplacedVersions } from "./replaced-versions.ts"
import type { ResourceOptions, Resources } from "./resources.ts"
import { startPublishingWanted } from "./wanted-versions.ts"

const DAY_MS = 86_400_000
const PRUNE_EVERY_MS = 60_000
const SEARCH_EVERY_MS = 60_000

interface BackgroundDeps {
  /** Told of every record that was stored. */
  observe: (record: ExecutionRecord) => void
  /** Puts a record on its way to the history. */
  record: (record: ExecutionRecord) => void
}

/** What a gateway does beside answering: history, retention, documents of hooks, and what ended unseen. */
export function startBackground(
  { config, log }: Pick<ResourceOptions, "config" | "log">,
  resources: Resources,
  { observe, record }: BackgroundDeps,
): { close(): Promise<void> }[] {
  const { gatewayId, storage, connection, lanes } = resources
  const recorder = startRecorder({
    reader: openRecordReader(connection, { group: "history", consumer: gatewayId }),
    store: (records) => recordExecutions(storage, records),
    observe,
    log,
  })
  const retention = startRepeating({
    work: async () => {
      const olderThan = new Date(Date.now() - config.retentionDays * DAY_MS)
      await pruneExecutions(storage, { olderThan, keep: config.retentionExecutions })
      await pruneBundles(storage)
      await lanes.pruneDeadLetters()
    },
    everyMs: PRUNE_EVERY_MS,
    complaint: "old history could not be removed",
    log,
  })
  const documents = startSavingDocuments({ connection, storage, log })
  const wanted = startPublishingWanted({
    takeWanted: () => takeWantedVersions(connection),
    getSnapshot: (versionId) => getSnapshot(storage, versionId),
    publish: (snapshot) => publishVersion({ config, storage, connection }, snapshot),
    log,
  })
  return [
    recorder,
    retention,
    documents,
    wanted,
    startSearchForLost(log, resources, record),
    startDroppingVersions(log, resources),
  ]
}

const DROP_EVERY_MS = 30_000

function startDroppingVersions(log: Logger, { storage, connection }: Resources) {
  return startRepeating({
    work: () =>
      dropReplacedVersions({
        takeTurn: () => takeTurn(connection, { task: "replaced-versions", forMs: DROP_EVERY_MS * 0.9 }),
        listReplaced: (choice) => listReplacedVersions(connection, choice),
        isHistoryWhole: async () => {
          const mark = await markRecords(connection)
          return mark === undefined || isStoredUpTo(connection, mark)
        },
        findInUse: (hookId) => findVersionsInUse(storage, hookId),
        findHistoryStart: () => findHistoryStart(storage),
        drop: (versions) => dropVersions(connection, versions),
        now: Date.now,
      }),
    everyMs: DROP_EVERY_MS,
    complaint: "versions that no job needs could not be dropped from Redis",
    log,
  })
}

/** Every accepted event ends somewhere: what ended unseen is closed here. */
function startSearchForLost(
  log: Logger,
  { storage, connection, lanes }: Resources,
  record: (record: ExecutionRecord) => void,
) {
  const search = createLostExecutionSearch({
    storage,
    lanes,
    // A little less than the rest between two turns, so that one gateway alone never misses its own.
    takeTurn: () => takeTurn(connection, { task: "lost-executions", forMs: SEARCH_EVERY_MS * 0.9 }),
    markRecords: () => markRecords(connection),
    isStoredUpTo: (mark) => isStoredUpTo(connection, mark),
    record,
    now: Date.now,
    log,
  })
  return startRepeating({
    work: search,
    everyMs: SEARCH_EVERY_MS,
    complaint: "lost executions could not be looked for",
    log,
  })
}
