import { AppError, parseConfig } from "@hooklane/core"
import { openLogLines } from "@hooklane/core/log-lines"
import { onStop } from "@hooklane/core/on-stop"
import { runProcess } from "@hooklane/core/run-process"
import { startSandbox } from "@hooklane/executor/sandbox"
import { pino } from "pino"

await runProcess(async () => {
  const { executorUrl, maxExecutors, minimumWall, bwrap, logLevel } = parseConfig(process.env)
  if (!executorUrl)
    throw new AppError(
      "invalid_setting",
      "EXECUTOR_URL is not set: a sandbox service listens there for its workers",
    )

  const base = { process: "sandbox", pid: process.pid }
  const log = pino({ level: logLevel, base }, openLogLines())
  const sandbox = await startSandbox({ url: executorUrl, maxExecutors, minimumWall, bwrap, log })
  onStop(sandbox.close, log)
})
