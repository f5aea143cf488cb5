import { test as base, onTestFailed, onTestFinished, vi } from "vitest"
import { readableLogLine } from "../scripts/launcher/log-line.ts"
import { type Service, type ServiceOptions, startService } from "./service.ts"

// The first test of a file starts its service too: four processes, on a machine that may have twenty others to run.
vi.setConfig({ testTimeout: 120_000 })

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

const SHOWN_LINES = 100

export function printLogsOfFailure(service: Service): void {
  onTestFailed(() => {
    const last = service.logs().split("\n").slice(-SHOWN_LINES)
    const readable = last.map((line) => line.replace(/\{"level":.*/, readableLogLine))
    process.stderr.write(`${readable.join("\n")}\n`)
  })
}
