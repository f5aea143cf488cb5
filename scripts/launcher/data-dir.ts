import { access, chmod, constants, mkdir, realpath } from "node:fs/promises"
import { join, resolve } from "node:path"
import { tryLock } from "../bootstrap/lock.mjs"
import { PlainError } from "../bootstrap/steps.mjs"

export interface DataDir {
  /** Absolute, without symbolic links. */
  path: string
  release(): void
}

/**
 * Makes the data folder, closed to other users, and takes it for this process alone.
 * @throws PlainError when another launcher runs on it, or it cannot be used
 */
export async function openDataDir(dir: string): Promise<DataDir> {
  const { path, lock } = await takeFolder(dir).catch((error: unknown) => {
    throw explainDataDir(error, dir)
  })
  if ("release" in lock) return { path, release: lock.release }
  throw new PlainError(
    `Hooklane already runs on ${path} (process ${lock.heldBy}). ` +
      `Stop it (kill ${lock.heldBy}), or give this one a HOOKLANE_DATA_DIR and a PORT of its own.`,
  )
}

async function takeFolder(dir: string) {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  await chmod(dir, 0o700)
  const path = await realpath(dir)
  await access(path, constants.R_OK | constants.W_OK | constants.X_OK)
  return { path, lock: tryLock(join(path, "launcher.lock")) }
}

const REASONS: Record<string, string> = {
  EACCES: "this user may not write there; give it to this user (chown)",
  EPERM: "it belongs to another user; give it to this user (chown)",
  EROFS: "the file system is read-only; mount it for writing",
  ENOSPC: "the disk is full; make room",
  EDQUOT: "the quota of this user is used up; make room",
  EEXIST: "a file stands in its place; move that away",
  ENOTDIR: "a file stands in its place; move that away",
  ELOOP: "its symbolic links lead in a circle",
}

/** A sentence for what a file system refuses in the data folder; every other error as it is. */
export function explainDataDir(error: unknown, dir: string): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : ""
  const reason = REASONS[code]
  if (!reason) return error
  return new PlainError(
    `The data folder ${resolve(dir)} cannot be used: ${reason}, or set HOOKLANE_DATA_DIR to another folder.`,
  )
}
