import { createInterface } from "node:readline"
import { type ProcessEnd, spawnTethered } from "../scripts/launcher/tether.ts"

/** A gateway or a worker as a process of its own, which ends with the tests whatever happens to them. */
export interface AppProcess {
  name: string
  pid: number
  /** How it ended, once it and all that it started are gone. */
  exited: Promise<ProcessEnd>
  /** Asks it to stop, as an operator would. */
  terminate(): void
  /** SIGKILL: no farewell. */
  kill(): void
  /** All it has printed. */
  output(): string
}

interface AppOptions {
  /** Name in the logs. */
  name: string
  /** A program, with its arguments, that starts Node in its own place. */
  via?: readonly string[]
  args: readonly string[]
  env: Record<string, string>
  /** Told every line that it prints. */
  onLine: (line: string) => void
}

const STOP_WITHIN_MS = 10_000

/** Runs a program with the Node that runs the tests, and nothing of their environment. */
export async function startApp({ name, via = [], args, env, onLine }: AppOptions): Promise<AppProcess> {
  const [command = process.execPath, ...rest] = [...via, process.execPath, ...args]
  const program = { command, args: rest, env, stopWithinMs: STOP_WITHIN_MS }
  const { pid, exited, stdout, stderr, terminate } = await spawnTethered(program)
  const lines: string[] = []
  for (const stream of [stdout, stderr]) {
    createInterface(stream).on("line", (line) => {
      lines.push(line)
      onLine(`${name}: ${line}`)
    })
  }
  return { name, pid, exited, terminate, kill: () => kill(pid), output: () => lines.join("\n") }
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL")
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error
  }
}
