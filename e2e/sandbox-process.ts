import { execFile } from "node:child_process"
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect } from "vitest"
import { type AppProcess, startApp } from "./app-process.ts"

/** A sandbox service as a process of its own, which can be killed and started again at the same place. */
export interface SandboxProcess {
  url: string
  /** The one that was started last. */
  readonly app: AppProcess
  /** Resolves when workers can connect. */
  start(): Promise<void>
  /** Users and command lines of its executors. */
  executors(): Promise<string[]>
  stop(): Promise<void>
}

/** As docker-compose.yml has it: root's user, three of its rights, and none to gain. */
const AS_IN_CONTAINER = [
  "setpriv",
  "--regid=10002",
  "--clear-groups",
  "--inh-caps=-all",
  "--bounding-set=-all,+setuid,+setgid,+kill",
  "--no-new-privs",
]

export async function startSandboxProcess(): Promise<SandboxProcess> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-sandbox-"))
  // Other users are to read the executors' code in it.
  await chmod(dir, 0o755)
  await mkdir(join(dir, "meeting"), { mode: 0o750 })
  const url = `unix://${join(dir, "meeting", "executors.sock")}`
  const lines: string[] = []
  let app: AppProcess

  async function start(): Promise<void> {
    app = await startApp({
      name: "sandbox",
      via: process.getuid?.() === 0 && process.platform === "linux" ? AS_IN_CONTAINER : [],
      args: [join(import.meta.dirname, "../apps/sandbox/src/main.ts")],
      env: { EXECUTOR_URL: url, TMPDIR: dir },
      onLine: (line) => lines.push(line),
    })
    await expect.poll(() => app.output()).toContain("sandbox started")
  }

  await start()
  return {
    url,
    get app() {
      return app
    },
    start,
    async executors() {
      const { stdout } = await promisify(execFile)("ps", ["-A", "-ww", "-o", "uid=,args="])
      const own = stdout.split("\n").filter((line) => line.includes(`${dir}/hooklane-executor`))
      // Not the programs that make their walls, nor the egress broker.
      return own.filter((line) => /^\s*\d+ \S*node .*\/process\.js /.test(line))
    },
    async stop() {
      app.kill()
      await app.exited
      await rm(dir, { recursive: true, force: true })
    },
  }
}
