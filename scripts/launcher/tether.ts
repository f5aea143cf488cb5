import { type ChildProcess, spawn } from "node:child_process"
import type { Readable } from "node:stream"

export interface TetheredCommand {
  command: string
  args: readonly string[]
  env: Record<string, string>
  cwd?: string
  /** As whom it runs; this process's user by default. */
  uid?: number
  gid?: number
  /** Written to the program's standard input, which then ends. */
  input?: string
  /** How long it may take to stop after SIGTERM when the launcher is gone; then it is killed. */
  stopWithinMs: number
}

export interface Tethered {
  pid: number
  stdout: Readable
  stderr: Readable
  /** Resolves when the program and all that it started are gone and its output was read. */
  exited: Promise<ProcessEnd>
  terminate(): void
  /** Ends it and all that it started, at once. */
  kill(): void
}

export interface ProcessEnd {
  code: number | null
  signal: NodeJS.Signals | null
}

/**
 * A guard in the program's own process group reads from a pipe that only the launcher holds open. When the
 * launcher is gone, even by SIGKILL, the system closes the pipe, and the guard ends the whole group. A program that
 * ended and that nobody waits for (a zombie, as in a container without an init) counts as gone.
 */
const GUARD = `
lives() {
  kill -0 $$ || return 1
  read -r stat </proc/$$/stat || return 0
  case $stat in *") Z "*) return 1;; esac
}
(
  read -r _ <&3
  kill -TERM $$
  left=$1
  while [ "$left" -gt 0 ] && lives; do /bin/sleep 0.1; left=$((left - 1)); done
  kill -KILL -$$
) </dev/null >/dev/null 2>&1 &
shift
exec "$@" 3<&-`

/**
 * Starts a program that dies with this process. It leads a process group of its own, so a Ctrl-C at the terminal
 * reaches the launcher alone, which then decides the order in which things stop.
 * @throws Error when it cannot be started
 */
export async function spawnTethered(program: TetheredCommand): Promise<Tethered> {
  const tenths = String(Math.ceil(program.stopWithinMs / 100))
  const child = spawn("/bin/sh", ["-c", GUARD, "guard", tenths, program.command, ...program.args], {
    env: program.env,
    cwd: program.cwd,
    uid: program.uid,
    gid: program.gid,
    detached: true,
    stdio: ["pipe", "pipe", "pipe", "pipe"],
  })
  // The guard is still in the group at that moment, so the group's number is not anybody else's by now.
  child.once("exit", () => killGroup(child))
  const exited = new Promise<ProcessEnd>((done) => {
    child.once("close", (code, signal) => done({ code, signal }))
  })
  await spawned(child)
  // A program may end without reading its input.
  child.stdin.on("error", () => {}).end(program.input)
  return {
    pid: child.pid ?? 0,
    stdout: child.stdout,
    stderr: child.stderr,
    exited,
    terminate: () => void child.kill("SIGTERM"),
    kill: () => killGroup(child),
  }
}

/** What the program prints from now on, its end at least, for the message that says why it failed. */
export function keepTail({ stdout, stderr }: Tethered): () => string {
  let tail = ""
  for (const stream of [stdout, stderr]) {
    stream.on("data", (chunk) => {
      tail = (tail + chunk).slice(-4_000)
    })
  }
  return () => tail
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => child.once("spawn", done).once("error", fail))
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    process.kill(-child.pid, "SIGKILL")
  } catch {
    // ESRCH: the whole group is gone already.
  }
}
