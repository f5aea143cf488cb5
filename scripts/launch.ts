import { once } from "node:events"
import { join } from "node:path"
import { AppError, type Config, parseConfig } from "@hooklane/core"
import { ensureMasterKey } from "@hooklane/core/master-key"
import { PlainError, step } from "./bootstrap/steps.mjs"
import { checkPort } from "./launcher/check-port.ts"
import { credentialsFile } from "./launcher/credentials.ts"
import { explainDataDir, openDataDir } from "./launcher/data-dir.ts"
import { openLogFile } from "./launcher/log-file.ts"
import { openTerminal } from "./launcher/lossy-writer.ts"
import { openOutput } from "./launcher/output.ts"
import { openProcessGroups } from "./launcher/process-groups.ts"
import { startService } from "./launcher/start-service.ts"
import { listenForStop } from "./launcher/stop-request.ts"
import { watchWall } from "./launcher/watch-wall.ts"
import { welcome } from "./launcher/welcome.ts"

/** The log on disk is at most three of these. */
const MAX_LOG_BYTES = 10_000_000

/** Runs the whole service on this machine until it is told to stop. */
async function launch(config: Config): Promise<void> {
  const dataDir = await openDataDir(config.dataDir)
  process.once("exit", dataDir.release)
  await checkPort(config)
  await ensureMasterKey({ ...config, dataDir: dataDir.path }).catch((error: unknown) => {
    throw explainDataDir(error, dataDir.path)
  })

  const logFile = join(dataDir.path, "logs/hooklane.log")
  const { write } = openTerminal()
  const print = (line: string) => write(`${line}\n`)
  const onTrouble = ({ message }: Error) =>
    print(`The log file cannot be written (${message}): lines are dropped until it can. All else goes on.`)
  const wall = watchWall()
  const output = openOutput({
    file: openLogFile({ path: logFile, maxBytes: MAX_LOG_BYTES, keep: 2, onTrouble }),
    print,
    onLine: wall.take,
    printFrom: config.logLevel === "debug" ? "debug" : "warn",
  })
  const giveUp = (reason: string) => stop.fail(new PlainError(`${reason}\n\nThe whole log: ${logFile}`))
  const processes = openProcessGroups({ output, onGiveUp: giveUp })
  const stop = listenForStop(() => {
    processes.kill()
    process.exit(130)
  })

  try {
    const url = await startService({
      config,
      env: process.env,
      dataDir: dataDir.path,
      apps: {
        gateway: join(import.meta.dirname, "../apps/gateway/src/main.ts"),
        worker: join(import.meta.dirname, "../apps/worker/src/main.ts"),
      },
      processes,
      signal: stop.signal,
    })
    processes.markReady()
    const facts = { url, credentialsFile: credentialsFile(dataDir.path), logFile, wall: wall.describe() }
    print(welcome(facts))
    if (!stop.signal.aborted) await once(stop.signal, "abort")
  } catch (error) {
    if (error !== stop.signal.reason) throw explainDataDir(error, dataDir.path)
  } finally {
    await step("Stopping", () => processes.stop())
  }
  if (stop.signal.reason instanceof PlainError) throw stop.signal.reason
}

try {
  await launch(parseConfig(process.env))
} catch (error) {
  if (!(error instanceof PlainError) && !(error instanceof AppError)) throw error
  console.error(`\n${error.message}\n`)
  process.exitCode = 1
}
process.disconnect?.()
