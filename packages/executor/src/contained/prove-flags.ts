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
  "threads can read files (--allow-fs-read)": () => readFileSync("/proc/self/environ"),
  "threads can write files (--permission without --allow-fs-write)": () => writeFileSync("/dev/null", ""),
  "threads can start processes (--permission without --allow-child-process)": () =>
    spawnSync("/bin/true").pid || denied(),
  "threads can connect (--permission without --allow-net)": () =>
    succeed((done) => connect(port, "127.0.0.1", done)),
  "threads can listen (--permission without --allow-net)": () =>
    succeed((done) => createServer().listen(0, done)),
  "threads can make code from text (--disallow-code-generation-from-strings)": () => new Function("return 1"),
  "buffers show old memory (--zero-fill-buffers)": () => oldMemory() || denied(),
}

const port: number = workerData
const down: string[] = []
for (const [wall, climb] of Object.entries(WALLS)) {
  try {
    await climb()
    down.push(wall)
  } catch {
    // As it should be.
  }
}
// It stays: what a thread takes is measured while it is there.
setInterval(() => {}, 60_000)
parentPort?.postMessage(down)

function denied(): never {
  throw new Error("denied")
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
