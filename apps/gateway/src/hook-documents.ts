import { listUnsaved, markSaved, type QueueConnection, readDocument, removeDocument } from "@hooklane/queue"
import { type Storage, saveHookDocument } from "@hooklane/storage"
import type { Logger } from "pino"
import { startRepeating } from "./repeat.ts"

/** A write is in the database after this long: what a Redis that loses its data costs. */
const SAVE_EVERY_MS = 1_000

export interface HookDocumentsDeps {
  connection: QueueConnection
  storage: Storage
  log: Pick<Logger, "warn" | "error">
}

/**
 * Brings into the database every document whose newest state it does not have. Gateways may do this at the same
 * time: the newest state stays.
 */
export async function saveDocuments({ connection, storage }: Omit<HookDocumentsDeps, "log">): Promise<void> {
  for (const hookId of (await listUnsaved(connection)).keys()) {
    const document = await readDocument(connection, hookId)
    const result = await saveHookDocument(storage, hookId, document)
    if (result === "saved") await markSaved(connection, { hookId, version: document.version })
    else await removeDocument(connection, hookId)
  }
}

/** For a hook that was deleted; what cannot be removed now goes when a run that is under way writes to it. */
export async function forgetDocument(
  { connection, log }: Omit<HookDocumentsDeps, "storage">,
  hookId: string,
): Promise<void> {
  try {
    await removeDocument(connection, hookId)
  } catch (err) {
    log.warn({ err, hookId }, "hook storage could not be removed")
  }
}

/** Saves documents as they change. What is not saved when it closes stays listed, for the next one. */
export function startSavingDocuments({ log, ...deps }: HookDocumentsDeps): { close(): Promise<void> } {
  return startRepeating({
    work: () => saveDocuments(deps),
    everyMs: SAVE_EVERY_MS,
    complaint: "hook storage could not be saved; trying again",
    log,
  })
}
