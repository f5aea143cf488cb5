import { chmod, mkdir, realpath } from "node:fs/promises"
import { join } from "node:path"
import { tryLock } from "../bootstrap/lock.mjs"
import { PlainError } from "../bootstrap/steps.mjs"

export interface DataDir {
  /** Absolute, without symbolic links. */
  path: string
  release(): void
}

/**
 * Makes the data folder, closed to other users, and takes it for this process alone.
 * @throws PlainError when another launcher runs on it
 */
export async function openDataDir(dir: string): Promise<DataDir> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
  const path = await realpath(dir)
  const lock = tryLock(join(path, "launcher.lock"))
  if ("release" in lock) return { path, release: lock.release }
  throw new PlainError(
    `Hooklane already runs on ${path} (process ${lock.heldBy}). ` +
      `Stop it (kill ${lock.heldBy}), or give this one a HOOKLANE_DATA_DIR and a PORT of its own.`,
  )
}
