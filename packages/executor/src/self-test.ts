import { createServer } from "node:net"
import { AppError, TRIGGERS } from "@hooklane/core"
import type { ExecutorProcess } from "./executor-process.ts"
import { readVirtualMb } from "./memory-watch.ts"

/** What an executor takes of address space, in MB. */
export interface AddressSpace {
  processMb: number
  threadMb: number
}

/**
 * Proves the walls of an executor: before any hook runs, and with the very flags that hooks will run with, it
 * tries what must not work. A new Node may mean something else by a flag.
 * @throws AppError internal_error that names the walls which are down
 */
export async function proveExecutor(executor: ExecutorProcess): Promise<AddressSpace> {
  const listener = await listen()
  try {
    await executor.ready
    const processMb = readVirtualMb(executor.pid)
    const down = await executor.prove(listener.port)
    const threadMb = Math.max(0, readVirtualMb(executor.pid) - processMb)
    const hookDown = await tryAsHook(executor, listener.port)
    const all = [...down, ...hookDown, ...(listener.visits() > 0 ? ["a connection arrived"] : [])]
    if (all.length === 0) return { processMb, threadMb }
    throw new AppError(
      "internal_error",
      `Hooks would not be contained here, so none is run: ${all.join("; ")}`,
    )
  } finally {
    listener.close()
    executor.kill("it has shown what it can")
    await executor.gone
  }
}

async function tryAsHook(executor: ExecutorProcess, port: number): Promise<string[]> {
  const { parameters, errorClasses, emptyResult, contextArgument } = TRIGGERS["credentials-exchange"]
  const signature = { parameters, errorClasses, emptyResult, contextArgument }
  executor.bind({ script: SCRIPT, signature, directives: { isFresh: false, isTypeScript: false } })
  const { report } = await executor.run(
    {
      snapshot: {
        versionId: "self-test",
        hookId: "self-test",
        triggerId: "credentials-exchange",
        script: SCRIPT,
        dependencies: {},
      },
      secrets: {},
      event: JSON.stringify({ ...TRIGGERS["credentials-exchange"].sampleEvent, scope: [String(port)] }),
      executionId: "self-test",
      attempt: 1,
      limits: { timeoutMs: 5_000, heapMb: 64 },
    },
    new AbortController().signal,
  )
  const { outcome } = report
  if (outcome.status !== "returned")
    return [`a hook could not try (${JSON.stringify(outcome).slice(0, 500)})`]
  return Array.isArray(outcome.value) ? outcome.value.map(String) : ["a hook gave a wrong answer"]
}

/** Each attempt that succeeds is a wall that is down. */
const SCRIPT = `module.exports = async (client, scope) => {
  const attempts = {
    "hooks can read files": () => require("fs").readFileSync("/proc/self/environ"),
    "hooks can start processes": () => require("child_process").execSync("true"),
    "hooks can start threads": () => new (require("worker_threads").Worker)("", { eval: true, execArgv: [] }),
    "hooks can signal": () => process.kill(process.ppid, 0),
    "hooks can leave their context": () => setTimeout.constructor.constructor("return process")(),
    "hooks can open descriptors": () => new (require("net").Socket)({ fd: 3 }),
    "hooks can reach this machine": () => new Promise((resolve, reject) => {
      require("net").connect(Number(scope[0]), "127.0.0.1", resolve).on("error", reject)
    }),
    "nobody decides on connections": () => new Promise((resolve, reject) => {
      require("net").connect(Number(scope[0]), "127.0.0.1", resolve)
        .on("error", (error) => error.code === "EACCES" ? reject(error) : resolve())
    }),
    "hooks can import": () => import("node:fs"),
  }
  const down = []
  for (const [wall, attempt] of Object.entries(attempts)) {
    try { await attempt(); down.push(wall) } catch {}
  }
  return down
}`

async function listen() {
  let visits = 0
  const server = createServer((socket) => {
    visits += 1
    socket.destroy()
  })
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  const address = server.address()
  if (typeof address !== "object" || !address) throw new AppError("internal_error", "No port could be opened")
  return { port: address.port, visits: () => visits, close: () => server.close() }
}
