// @ts-check
import { spawnSync } from "node:child_process"
import { randomUUID } from "node:crypto"
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs"

/**
 * Takes the lock file at `path`, or says which living process holds it. What a dead process left is taken over:
 * a holder is known by its pid and its start time, since a pid alone is soon given to somebody else.
 * @param {string} path in a folder that exists
 * @returns {{ release(): void } | { heldBy: number }}
 */
export function tryLock(path) {
  const mine = JSON.stringify({ pid: process.pid, startedAt: processStartedAt(process.pid) })
  for (;;) {
    if (create(path, mine)) return { release: () => rmSync(path, { force: true }) }
    const found = readIfThere(path)
    if (found === undefined) continue
    const holder = parseHolder(found)
    if (holder && processStartedAt(holder.pid) === holder.startedAt) return { heldBy: holder.pid }
    removeStale(path, found)
  }
}

/**
 * Takes the lock as soon as nobody else holds it.
 * @param {string} path in a folder that exists
 * @param {(text: string) => void} note says who is waited for
 * @returns {Promise<{ release(): void }>}
 */
export async function waitForLock(path, note) {
  for (let told = false; ; told = true) {
    const lock = tryLock(path)
    if ("release" in lock) return lock
    if (!told) note(`another start (process ${lock.heldBy}) is at it, waiting`)
    await new Promise((done) => setTimeout(done, 200))
  }
}

/**
 * A link makes the file with its content in one step, and never over one that is there.
 * @param {string} path
 * @param {string} content
 */
function create(path, content) {
  const draft = `${path}.${randomUUID()}`
  writeFileSync(draft, content)
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (isErrno(error, "EEXIST")) return false
    throw error
  } finally {
    rmSync(draft, { force: true })
  }
}

/**
 * Moves the stale lock away. When somebody else was faster, what was moved is their new lock: it goes back.
 * @param {string} path
 * @param {string} stale
 */
function removeStale(path, stale) {
  const grave = `${path}.${randomUUID()}`
  try {
    renameSync(path, grave)
  } catch (error) {
    if (isErrno(error, "ENOENT")) return
    throw error
  }
  const moved = readFileSync(grave, "utf8")
  if (moved !== stale) create(path, moved)
  rmSync(grave, { force: true })
}

/**
 * @param {string} content
 * @returns {{ pid: number, startedAt: string } | undefined}
 */
function parseHolder(content) {
  try {
    const { pid, startedAt } = JSON.parse(content)
    return Number.isInteger(pid) && typeof startedAt === "string" ? { pid, startedAt } : undefined
  } catch {
    return undefined
  }
}

/**
 * When a process started, in the system's own words; undefined when it does not run (any more).
 * @param {number} pid
 * @returns {string | undefined}
 */
export function processStartedAt(pid) {
  if (process.platform !== "linux") {
    return (
      spawnSync("ps", ["-o", "lstart=", "-p", String(pid)])
        .stdout?.toString()
        .trim() || undefined
    )
  }
  const stat = readIfThere(`/proc/${pid}/stat`)
  // The name in parentheses may hold anything, so count from the last one: state is field 3, start time 22.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ")
  return fields?.[0] === "Z" ? undefined : fields?.[19]
}

/** @param {string} path */
function readIfThere(path) {
  try {
    return readFileSync(path, "utf8")
  } catch (error) {
    // /proc answers ESRCH when the process ends between open and read.
    if (isErrno(error, "ENOENT") || isErrno(error, "ESRCH")) return undefined
    throw error
  }
}

/**
 * @param {unknown} error
 * @param {string} code
 */
function isErrno(error, code) {
  return error instanceof Error && "code" in error && error.code === code
}
