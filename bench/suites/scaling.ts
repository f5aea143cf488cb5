import { join } from "node:path"
import { generateMasterKey } from "@hooklane/core/keyring"
import { openBareGateway } from "../harness/bare-gateway.ts"
import { startProcess } from "../harness/bench-process.ts"
import { layGround } from "../harness/contestant.ts"
import { keepInFlight, type Pace } from "../harness/in-flight.ts"
import { figure } from "../harness/render.ts"
import type { Suite, SuiteOptions } from "../harness/suite.ts"
import { syncEvent } from "../harness/workload.ts"

const HOOKS = [1, 10]
const PAYLOADS = { "1 kB": 1_000, "100 kB": 100_000 }

/** 1 and 2 workers × 1 and 10 hooks in use at once × small and large events; the hooks go round. */
export const scaling: Suite = async (options) => {
  const rows: string[][] = []
  for (const workers of [1, 2]) rows.push(...(await measure(workers, options)))
  const columns = ["workers", "hooks", "event", "per second", "p50", "p99"]
  const title = "Scaling: 32 in flight through the queue, without HTTP and history; all on this one machine"
  return { findings: [], tables: [{ title, columns, rows }] }
}

async function measure(workers: number, { isQuick, note }: SuiteOptions): Promise<string[][]> {
  const ground = await layGround()
  const masterKey = generateMasterKey()
  const env = {
    REDIS_URL: ground.redis.url,
    HOOKLANE_MASTER_KEY: masterKey,
    HOOKLANE_DATA_DIR: join(ground.dir, "data"),
  }
  const file = join(import.meta.dirname, "../../apps/worker/src/main.ts")
  const processes = await Promise.all(Array.from({ length: workers }, () => startProcess({ file, env })))
  const gateway = await openBareGateway({ redisUrl: ground.redis.url, masterKey, hooks: Math.max(...HOOKS) })
  const rows: string[][] = []
  try {
    for (const hooks of HOOKS) {
      for (const [payload, bytes] of Object.entries(PAYLOADS)) {
        note(`${workers} workers, ${hooks} hooks, ${payload}`)
        const event = JSON.stringify(syncEvent(bytes))
        const run = (ms: number) =>
          keepInFlight((number) => gateway.call(number % hooks, event), { inFlight: 32, ms })
        await run(isQuick ? 300 : 1_000)
        rows.push([`${workers}`, `${hooks}`, payload, ...paceCells(await run(isQuick ? 500 : 1_500))])
      }
    }
  } finally {
    await gateway.close()
    await Promise.all(processes.map((process) => process.close()))
    await ground.clear()
  }
  return rows
}

function paceCells({ perSecond, p50Ms, p99Ms }: Pace): string[] {
  return [figure(perSecond, "/s"), figure(p50Ms, "ms"), figure(p99Ms, "ms")]
}
