import { randomUUID } from "node:crypto"
import type { RunReport } from "@hooklane/core"
import { type Executors, startExecutors } from "@hooklane/executor"
import { expect } from "vitest"
import { type FakeServer, startFakeServer } from "../libraries/fake-server.ts"
import { type RealHook, SERVER } from "./cases.ts"

export interface CaseRunner {
  /** Runs the hook in a real executor, and holds what comes of it against what is expected. */
  check(one: RealHook, bundle?: string): Promise<void>
  close(): Promise<void>
}

export async function startCases(): Promise<CaseRunner> {
  const server = await startFakeServer(({ url }) => ({
    status: Number(/\/status\/(\d{3})/.exec(url)?.[1] ?? 200),
    body: url.includes("/api/v2/roles") ? [{ id: "r1" }, { id: "r2" }] : { ok: true },
  }))
  const executors = await startExecutors({
    threads: 1,
    maxExecutors: 1,
    maxResultBytes: 262_144,
    maxLogBytes: 65_536,
    egress: { mode: "public", allow: [], exceptions: [{ host: "127.0.0.1", port: server.port }] },
    log: { warn: () => {} },
  })
  return {
    async check(one, bundle) {
      const before = server.heard.length
      const report = await run(executors, one, { server, bundle })
      compare(one, report)
      if (one.expected.heard === undefined) return
      const marked = () => server.heard.slice(before).filter(({ url }) => url.includes(one.mark ?? "")).length
      await expect.poll(marked).toBe(one.expected.heard)
    },
    async close() {
      await executors.close()
      await server.close()
    },
  }
}

interface Around {
  server: FakeServer
  bundle: string | undefined
}

function run(executors: Executors, one: RealHook, { server, bundle }: Around): Promise<RunReport> {
  const atServer = (text: string) => text.replaceAll(SERVER, `127.0.0.1:${server.port}`)
  const secrets = Object.entries(one.secrets).map(([name, value]) => [name, atServer(value)])
  return executors.run(
    {
      snapshot: {
        versionId: randomUUID(),
        hookId: "hook",
        hookName: "name of the hook",
        triggerId: one.trigger,
        script: atServer(one.script),
        dependencies: one.dependencies,
      },
      ...(bundle !== undefined && { bundle }),
      secrets: Object.fromEntries(secrets),
      event: JSON.stringify(one.event),
      executionId: "exe_1",
      attempt: 1,
      limits: { timeoutMs: 20_000, heapMb: 64 },
    },
    new AbortController().signal,
  )
}

function compare({ expected }: RealHook, { outcome, logs }: RunReport): void {
  const told = { outcome, logs: logs.map(({ message }) => message) }
  // By itself, so that a failure says why.
  if (!expected.error) expect("error" in outcome && outcome.error).toBe(false)
  if (expected.error) expect(told).toMatchObject({ outcome: { error: expected.error } })
  else if ("value" in expected)
    expect(told).toMatchObject({ outcome: { status: "returned", value: expected.value } })
  const { logs: pattern, hidden } = expected
  if (pattern !== undefined) expect(told.logs.some((line) => new RegExp(pattern).test(line))).toBe(true)
  if (hidden !== undefined) expect(JSON.stringify(told)).not.toContain(hidden)
}
