import { spawnTethered, type Tethered } from "../../scripts/launcher/tether.ts"

export interface BenchProcess {
  pid: number
  /** Resolves with the first line that the process prints. @throws Error with its last words when it ends before */
  firstLine: Promise<string>
  close(): Promise<void>
}

export interface BenchProcessOptions {
  file: string
  env: Record<string, string>
  nodeArgs?: readonly string[]
}

const STOP_WITHIN_MS = 20_000

/** Runs a TypeScript file with this Node; it dies with the bench. */
export async function startProcess({ file, env, nodeArgs = [] }: BenchProcessOptions): Promise<BenchProcess> {
  const process_ = await spawnTethered({
    command: process.execPath,
    args: [...nodeArgs, file],
    env,
    stopWithinMs: STOP_WITHIN_MS,
  })
  return {
    pid: process_.pid,
    firstLine: readFirstLine(process_),
    close: async () => {
      process_.terminate()
      const force = setTimeout(process_.kill, STOP_WITHIN_MS)
      await process_.exited
      clearTimeout(force)
    },
  }
}

async function readFirstLine({ stdout, stderr, exited }: Tethered): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  let text = ""
  let isRead = false
  // Read to the end, or the process would wait for its reader; kept until the first line is there.
  stdout.on("data", (chunk) => {
    if (isRead) return
    text += chunk
    isRead = text.includes("\n")
    if (isRead) resolve(text.slice(0, text.indexOf("\n")))
  })
  stderr.on("data", (chunk) => {
    if (!isRead) text += chunk
  })
  void exited.then(({ code }) => reject(new Error(`It ended with ${code}: ${text.slice(-2_000)}`)))
  return promise
}
