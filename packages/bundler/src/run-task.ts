import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { fileURLToPath } from "node:url"
import type { z } from "zod"
import type { Task } from "./protocol.ts"

export interface RunTaskOptions<Schema extends z.ZodType> {
  /** What the result must be. */
  schema: Schema
  /** The whole environment of the process. */
  env: Record<string, string>
  signal: AbortSignal
}

/** The process crashed, was ended by a limit of the system, or said what no result is. */
export class BuildProcessEnd extends Error {}

const entryFile = fileURLToPath(new URL("./build-process.ts", import.meta.url))

/** JSON escapes the quotes and line ends of a bundle; its log and plan take the rest. */
const RESULT_PER_BUNDLE_BYTE = 3
const OTHER_RESULT_BYTES = 4_000_000
const MAX_COMPLAINT_CHARS = 4_096

/**
 * Does a task in a process of its own, which is gone with all that it started when this ends.
 * @throws the signal's reason when it ended the process; BuildProcessEnd when the process gave no result
 */
export async function runTask<Schema extends z.ZodType>(
  task: Task,
  { schema, env, signal }: RunTaskOptions<Schema>,
): Promise<z.output<Schema>> {
  signal.throwIfAborted()
  const child = launch({ cwd: task.folder, env })
  const stop = () => killGroup(child)
  signal.addEventListener("abort", stop, { once: true })
  try {
    // Its input stays open: the process takes the end of it for the end of us.
    child.stdin?.on("error", () => {}).write(`${JSON.stringify(task)}\n`)
    const maxBytes = RESULT_PER_BUNDLE_BYTE * task.limits.maxBundleBytes + OTHER_RESULT_BYTES
    const output = await outputOf(child, maxBytes, stop)
    return schema.parse(JSON.parse(output))
  } catch (error) {
    signal.throwIfAborted()
    throw error
  } finally {
    signal.removeEventListener("abort", stop)
    stop()
  }
}

/**
 * In a group of its own, so that npm and esbuild end with it; without core dumps, with files of at most 256 MB, and
 * with an end of processor time for what outlives every other end. Windows has no such limits.
 */
function launch(options: { cwd: string; env: Record<string, string> }): ChildProcess {
  const command = [
    process.execPath,
    "--max-old-space-size=512",
    "--disable-warning=ExperimentalWarning",
    entryFile,
  ]
  const [program = "", ...args] =
    process.platform === "win32"
      ? command
      : ["/bin/sh", "-c", 'ulimit -c 0; ulimit -f 524288; ulimit -t 600; exec "$0" "$@"', ...command]
  return spawn(program, args, { ...options, stdio: "pipe", detached: true })
}

async function outputOf(child: ChildProcess, maxBytes: number, stop: () => void): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  let complaint = ""
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > maxBytes) stop()
    else chunks.push(chunk)
  })
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(0, MAX_COMPLAINT_CHARS)
  })
  const [code, signal] = await once(child, "close")
  if (code === 0) return Buffer.concat(chunks).toString("utf8")
  throw new BuildProcessEnd(
    `The build process ended without a result (${signal ?? `code ${code}`}): ${complaint}`,
  )
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === "win32" ? pid : -pid, "SIGKILL")
  } catch {
    // It is gone.
  }
}
