import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs"
import { dirname } from "node:path"

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
}

/** A log that cannot fill the disk. Writes are synchronous, so that nothing is lost when the process ends. */
export function openLogFile({ path, maxBytes, keep }: LogFileOptions): LogFile {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  let file = openSync(path, "a", 0o600)
  let bytes = fstatSync(file).size

  const rotate = () => {
    closeSync(file)
    rmSync(`${path}.${keep}`, { force: true })
    for (let age = keep - 1; age >= 1; age -= 1) renameIfThere(`${path}.${age}`, `${path}.${age + 1}`)
    renameIfThere(path, `${path}.1`)
    file = openSync(path, "a", 0o600)
    bytes = 0
  }

  return {
    write: (text) => {
      const size = Buffer.byteLength(text)
      if (bytes > 0 && bytes + size > maxBytes) rotate()
      writeSync(file, text)
      bytes += size
    },
    close: () => closeSync(file),
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error
  }
}
