import { statSync } from "node:fs"
import { AppError } from "@hooklane/core"
import type Client from "better-sqlite3"

/** Above it the check would hold up a start for seconds: it reads some 500 MB per second. */
const MAX_CHECKED_BYTES = 1_000_000_000

/** @throws AppError invalid_setting when pages are damaged; a file of more than 1 GB is not checked */
export function refuseDamaged(client: Client.Database): void {
  if (!client.memory && statSync(client.name).size > MAX_CHECKED_BYTES) return
  const found = readCheck(client)
  if (found === "ok") return
  throw new AppError(
    "invalid_setting",
    `The database ${client.name} is damaged (${found.split("\n", 1)[0]}): restore a copy of it, or save what can be read with sqlite3's .recover`,
  )
}

function readCheck(client: Client.Database): string {
  try {
    return String(client.pragma("quick_check(1)", { simple: true }))
  } catch (error) {
    if (error instanceof Error && "code" in error && String(error.code).startsWith("SQLITE_CORRUPT"))
      return error.message
    throw error
  }
}

/** Notices that the open file was removed or replaced: all that is written then is lost when it is closed. */
export function watchIdentity(path: string): () => void {
  const opened = statSync(path)
  return () => {
    const there = statSync(path, { throwIfNoEntry: false })
    if (there && there.ino === opened.ino && there.dev === opened.dev) return
    const what = there ? "was replaced by another one" : "was removed"
    throw new AppError(
      "database_unavailable",
      `The database file ${path} ${what} while it was open: what is saved now will be lost. Stop this gateway, put the file back and start it again`,
    )
  }
}
