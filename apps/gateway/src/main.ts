import { AppError, parseConfig } from "@hooklane/core"
import { createKeyRing } from "@hooklane/core/keyring"
import { openLogLines } from "@hooklane/core/log-lines"
import { readMasterKey } from "@hooklane/core/master-key"
import { onStop } from "@hooklane/core/on-stop"
import { runProcess } from "@hooklane/core/run-process"
import { pino } from "pino"
import { serializeError } from "./log-error.ts"
import { startGateway } from "./start-gateway.ts"

await runProcess(async () => {
  const config = parseConfig(process.env)
  const { redisUrl } = config
  if (!redisUrl)
    throw new AppError("invalid_setting", "REDIS_URL is not set: a gateway needs the Redis of its workers")

  const lines = openLogLines()
  const base = { process: "gateway", pid: process.pid }
  const log = pino({ level: config.logLevel, base, serializers: { err: serializeError } }, lines)
  const keyRing = createKeyRing(await readMasterKey(config))
  const misfit = Promise.withResolvers<AppError>()
  const gateway = await startGateway({
    config: { ...config, redisUrl },
    keyRing,
    onKeyMisfit: misfit.resolve,
    log,
    env: process.env,
  })
  const { fail } = onStop(gateway.close, log)
  void misfit.promise.then(fail)
})
