import { spawn } from "node:child_process"
import { availableParallelism } from "node:os"
import type { RunReport } from "@hooklane/core"
import { expect, onTestFinished, test } from "vitest"
import { noAbort, start, taskOf } from "./harness.ts"

/** Busy processes that take the processors from everything that stands back. They end with the test, or by themselves. */
function takeProcessors(perProcessor: number): void {
  const script = "const end = Date.now() + 60_000; while (Date.now() < end);"
  const busy = Array.from({ length: perProcessor * availableParallelism() }, () =>
    spawn(process.execPath, ["--eval", script], { stdio: "ignore" }),
  )
  onTestFinished(() => {
    for (const one of busy) one.kill("SIGKILL")
  })
}

/** Tries again what could not be begun, as a worker does. */
async function runToEnd(run: () => Promise<RunReport>): Promise<RunReport["outcome"]> {
  for (;;) {
    const { outcome } = await run()
    if (outcome.status !== "no_executor") return outcome
  }
}

/** Some work of a processor, as hooks do it. */
const SCRIPT = `module.exports = (user, context, cb) => {
  let sum = 0
  for (let i = 0; i < 1e5; i += 1) sum += i
  setTimeout(cb, 1, null, sum)
}`

test("with the processors taken by others no error blames a hook, and no version is paused", {
  timeout: 120_000,
}, async () => {
  const executors = await start({ threads: 4 })
  onTestFinished(executors.close)
  const triggers = ["pre-user-registration", "post-user-registration"] as const
  const run = (n: number) => {
    const triggerId = triggers[n % 2]
    const task = taskOf(SCRIPT, { triggerId, versionId: `v${n % 4}`, timeoutMs: 60_000 })
    return executors.run({ ...task, executionId: `exe_${n}` }, noAbort)
  }
  // Two versions have served before, and two come as strangers.
  await Promise.all([run(0), run(1)])
  takeProcessors(5)
  const outcomes = await Promise.all(Array.from({ length: 80 }, (_, n) => runToEnd(() => run(n))))
  expect(outcomes.filter(({ status }) => status !== "returned")).toEqual([])
})
