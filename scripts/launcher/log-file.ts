import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, statSync } from "node:fs"
import { dirname } from "node:path"
import { formatLogLine } from "./log-line.ts"
import { createLossyWriter, writeAllSync } from "./lossy-writer.ts"

export interface LogFile {
  write(text: string): void
  close(): void
}

export interface LogFileOptions {
  path: string
  /** The file is renamed to `path.1`, and that to `path.2` and so on, before it would grow beyond this. */
  maxBytes: number
  /** Renamed files that are kept. */
  keep: number
  /** Told once when it begins to fail. */
  onTrouble?: (error: Error) => void
  now?: () => number
}

/** How often a file is looked at that may have been removed, and one opened anew that could not be written. */
const LOOK_EVERY_MS = 1_000

/**
 * A log that cannot fill the disk, and that ends nothing when the disk is full, or its folder gone: lines are
 * dropped, and counted in the file when that can be written again. Writes are synchronous, so that nothing is lost
 * when the process ends.
 */
export function openLogFile({ path, maxBytes, keep, onTrouble, now = Date.now }: LogFileOptions): LogFile {
  let file: number | undefined
  let bytes = 0
  let lookedAt = Number.NEGATIVE_INFINITY

  const close = () => {
    if (file !== undefined) closeSync(file)
    file = undefined
  }
  const open = () => {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
    const opened = openSync(path, "a", 0o600)
    bytes = fstatSync(opened).size
    return opened
  }
  const rotate = () => {
    close()
    rmSync(`${path}.${keep}`, { force: true })
    for (let age = keep - 1; age >= 1; age -= 1) renameIfThere(`${path}.${age}`, `${path}.${age + 1}`)
    renameIfThere(path, `${path}.1`)
  }
  const look = () => {
    if (now() - lookedAt < LOOK_EVERY_MS) return
    lookedAt = now()
    if (file === undefined || !isStill(path, file)) close()
  }

  const writer = createLossyWriter({
    writeAll: (text) => {
      look()
      file ??= open()
      const size = Buffer.byteLength(text)
      if (bytes > 0 && bytes + size > maxBytes) rotate()
      file ??= open()
      writeAllSync(file, text)
      bytes += size
    },
    ...(onTrouble && { onTrouble }),
    describeLoss: (dropped) =>
      formatLogLine("warn", { process: "launcher", dropped }, "log lines were dropped"),
  })
  return { write: writer.write, close }
}

/** Whether the path still leads to the open file: a removed one takes all that is written, for nobody to read. */
function isStill(path: string, file: number): boolean {
  const there = statSync(path, { throwIfNoEntry: false })
  const open = fstatSync(file)
  return there !== undefined && there.ino === open.ino && there.dev === open.dev
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error
  }
}
