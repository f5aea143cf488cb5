import { spawn } from "node:child_process"
import { once } from "node:events"

/** The user that an executor runs as. */
export interface Identity {
  uid: number
  gid: number
}

/** Gives each executor a user of its own, or says why it cannot. */
export type Identities = { take(): Identity } | { problem: string }

/** Users that nobody has, within what a container's user namespace maps. */
const FIRST = 30_000
const COUNT = 30_000

/**
 * A process with another user cannot read the memory, the environment or the files of this one, nor signal it,
 * even when user code has taken it over to the last byte. It needs the right to change the user, and to end what
 * runs as another.
 * @param file one that the executor must be able to read
 */
export async function openIdentities(file: string): Promise<Identities> {
  if (process.geteuid?.() !== 0) return { problem: "this process does not run as root" }
  const next = countFrom(Math.floor(Math.random() * COUNT))
  const problem = await tryOut(next(), file)
  return problem === undefined ? { take: next } : { problem }
}

function countFrom(start: number): () => Identity {
  let count = start
  return () => {
    count += 1
    const id = FIRST + (count % COUNT)
    return { uid: id, gid: id }
  }
}

/** Undefined when a process of that user can be started, reads the file, and can be ended. */
async function tryOut(identity: Identity, file: string): Promise<string | undefined> {
  const script = 'test -r "$1" && "$0" --version && read line'
  const child = spawn("/bin/sh", ["-c", script, process.execPath, file], {
    ...identity,
    env: {},
    cwd: "/",
    stdio: ["pipe", "pipe", "ignore"],
  })
  try {
    const started = await Promise.race([once(child.stdout, "data"), once(child, "exit")])
    if (!Buffer.isBuffer(started[0])) return "another user cannot read Node or the temporary folder"
    return child.kill("SIGKILL") ? undefined : "it may not end processes of another user"
  } catch (error) {
    return `it may not change the user (${error instanceof Error ? error.message : String(error)})`
  } finally {
    child.stdin.end()
  }
}
