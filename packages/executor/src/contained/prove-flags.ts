import { spawnSync } from "node:child_process"
import { readFileSync, writeFileSync } from "node:fs"
import { connect, createServer } from "node:net"
import { parentPort, Worker, workerData } from "node:worker_threads"

/**
 * A thread with the flags of those that run hooks, and nothing else taken away: what it can do in spite of them
 * is a wall that is down. Each entry names the flag that should have stopped it.
 */
const WALLS: Record<string, () => unknown> = {
  "threads can start threads (--permission without --allow-worker)": () =>
    new Worker("", { eval: true, execArgv: [] }),
  "threads can read files (--allow-fs-read)": () => readFileSync(process.execPath),
  "threads can write files (--permission without --allow-fs-write)": () => writeFileSync("/dev/null", ""),
  "threads can start processes (--permission without --allow-child-process)": () =>
    refuse(spawnSync(process.execPath).error),
  "threads can connect (--permission without --allow-net)": () =>
    succeed((done) => connect(port, "127.0.0.1", done)),
  "threads can listen (--permission without --allow-net)": () =>
    succeed((done) => createServer().listen(0, done)),
  "threads can make code from text (--disallow-code-generation-from-strings)": () => new Function("return 1"),
  "buffers show old memory (--zero-fill-buffers)": () => oldMemory() || refuse(new EvalError("cleared")),
}

const port: number = workerData
const down: string[] = []
for (const [wall, climb] of Object.entries(WALLS)) {
  try {
    await climb()
    down.push(wall)
  } catch (error) {
    // Any other failure may be the kernel's wall, which would hide that this one is down.
    if (!isRefusal(error)) down.push(`${wall}: ${error}`)
  }
}
// It stays: what a thread takes is measured while it is there.
setInterval(() => {}, 60_000)
parentPort?.postMessage(down)

/** By Node's permission model, or by V8 where code is made from text. */
function isRefusal(error: unknown): boolean {
  return (
    error instanceof EvalError ||
    (error instanceof Error && Reflect.get(error, "code") === "ERR_ACCESS_DENIED")
  )
}

function refuse(error: Error | undefined): void {
  if (error) throw error
}

function succeed(
  start: (done: () => void) => { on(event: "error", listener: (error: Error) => void): unknown },
) {
  return new Promise<void>((resolve, reject) => {
    start(resolve).on("error", reject)
  })
}

/** Writes into memory that is given back, and looks for it in memory that is not cleared by itself. */
function oldMemory(): boolean {
  for (let round = 0; round < 50; round += 1) {
    Buffer.allocUnsafeSlow(16_384).fill(0xa5)
    if (Buffer.allocUnsafeSlow(16_384).some((byte) => byte !== 0)) return true
  }
  return false
}
