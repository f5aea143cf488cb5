import { storageContext } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { HookStorage, StoredDocument } from "@hooklane/executor"
import { type HookDocument, type QueueConnection, readDocument, writeDocument } from "@hooklane/queue"
import type { Logger } from "pino"

export interface HookStorageDeps {
  connection: QueueConnection
  keyRing: KeyRing
  log: Pick<Logger, "warn">
}

/** The documents of hooks, as they are in Redis: sealed, each for its hook. */
export function createHookStorage({ connection, keyRing, log }: HookStorageDeps): HookStorage {
  function opened(hookId: string, { version, sealed }: HookDocument): StoredDocument {
    return { version, json: sealed && keyRing.open(sealed, storageContext(hookId)) }
  }

  async function reported<Result>(hookId: string, use: Promise<Result>): Promise<Result> {
    try {
      return await use
    } catch (err) {
      log.warn({ err, hookId }, "hook storage failed")
      throw err
    }
  }

  async function read(hookId: string): Promise<StoredDocument> {
    return opened(hookId, await readDocument(connection, hookId))
  }

  const write: HookStorage["write"] = async (hookId, { json, onlyAfter }) => {
    const sealed = json === undefined ? undefined : keyRing.seal(json, storageContext(hookId))
    const written = await writeDocument(connection, { hookId, sealed, onlyAfter })
    return "version" in written ? written : { conflict: opened(hookId, written.conflict) }
  }

  return {
    read: (hookId) => reported(hookId, read(hookId)),
    write: (hookId, change) => reported(hookId, write(hookId, change)),
  }
}
