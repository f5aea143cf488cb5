import { randomUUID } from "node:crypto"
import { AppError, parseConfig } from "@hooklane/core"
import { createKeyRing } from "@hooklane/core/keyring"
import { openLogLines } from "@hooklane/core/log-lines"
import { readMasterKey } from "@hooklane/core/master-key"
import { onStop } from "@hooklane/core/on-stop"
import { runProcess } from "@hooklane/core/run-process"
import { pino } from "pino"
import packageJson from "../package.json" with { type: "json" }
import { startWorker } from "./start-worker.ts"

await runProcess(async () => {
  const config = parseConfig(process.env)
  const { redisUrl } = config
  if (!redisUrl)
    throw new AppError("invalid_setting", "REDIS_URL is not set: a worker needs the Redis of its gateways")

  const lines = openLogLines()
  const log = pino({ level: config.logLevel, base: { process: "worker", pid: process.pid } }, lines)
  const misfit = Promise.withResolvers<AppError>()
  const worker = await startWorker({
    config: { ...config, redisUrl },
    keyRing: createKeyRing(await readMasterKey(config)),
    workerId: `wrk_${randomUUID().slice(0, 8)}`,
    version: packageJson.version,
    onKeyMisfit: misfit.resolve,
    log,
  })
  const { fail } = onStop(worker.close, log)
  void misfit.promise.then(fail)
})
