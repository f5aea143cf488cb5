import { test as base, onTestFailed, onTestFinished } from "vitest"
import { type Service, type ServiceOptions, startService } from "./service.ts"

/** `test` with a service that all tests of the file share; its logs are printed when one of them fails. */
export function testWithService(options: ServiceOptions = {}) {
  return base
    .extend("serviceOptions", { scope: "file" }, options)
    .extend("service", { scope: "file" }, async ({ serviceOptions }, { onCleanup }) => {
      const service = await startService(serviceOptions)
      onCleanup(service.stop)
      return service
    })
    .extend("logsOfFailure", { auto: true }, ({ service }) => printLogsOfFailure(service))
}

/** A service of one test alone. */
export async function ownService(options: ServiceOptions = {}): Promise<Service> {
  const service = await startService(options)
  onTestFinished(service.stop)
  printLogsOfFailure(service)
  return service
}

const SHOWN_CHARS = 20_000

function printLogsOfFailure(service: Service): void {
  onTestFailed(() => void process.stderr.write(`${service.logs().slice(-SHOWN_CHARS)}\n`))
}
