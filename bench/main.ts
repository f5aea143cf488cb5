import { mkdir, writeFile } from "node:fs/promises"
import { cpus, totalmem } from "node:os"
import { join } from "node:path"
import { parseArgs } from "node:util"
import { renderFindings, renderTable } from "./harness/render.ts"
import type { Suite, SuiteOptions, SuiteResult } from "./harness/suite.ts"
import { async } from "./suites/async.ts"
import { backlog } from "./suites/backlog.ts"
import { executor } from "./suites/executor.ts"
import { history } from "./suites/history.ts"
import { idle } from "./suites/idle.ts"
import { memory } from "./suites/memory.ts"
import { postgres } from "./suites/postgres.ts"
import { runaway } from "./suites/runaway.ts"
import { scaling } from "./suites/scaling.ts"
import { service } from "./suites/service.ts"
import { starved } from "./suites/starved.ts"

const SUITES: Record<string, Suite> = {
  service,
  async,
  backlog,
  history,
  postgres,
  scaling,
  memory,
  idle,
  executor,
  runaway,
  starved,
}

const HELP = `npm run bench -- [suite …] [options]

Measures the service beside a straightforward one (bench/peer), in turn in one run, each with processes and a
Redis of its own. Read the ratios: absolute figures belong to the machine. Prints tables and writes them to
bench/results/<date>.json. Without a suite it runs all of them, some five minutes.

  service   a synchronous call over HTTP: p50 alone, throughput and p99 with 32 in flight
  async     events accepted per second with 256 in flight
  backlog   p99 of synchronous calls while 100,000 asynchronous jobs wait
  history   throughput with 1,000,000 executions in the history beside an empty one
  postgres  a service that shares its database beside one that has its own
  scaling   1 and 2 workers × 1 and 10 hooks × events of 1 kB and 100 kB
  memory    what a finished job leaves in Redis
  idle      processor time of a service that has nothing to do
  executor  contained runs beside plain piscina, warm and cold, one hook and ten
  runaway   a hook that loops for ever: when it is stopped, and what another hook notices
  starved   a synchronous call while ten busy processes for each processor take the machine

  --quick           fewer and shorter rounds, one minute in all; good for a look, not for a claim
  --peer-on-socket  the peer's Redis on a unix socket, as ours is, instead of on a port
  --profile DIR     write CPU profiles of gateway and workers into DIR (service, async, backlog)
  --help            this text
`

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      quick: { type: "boolean", default: false },
      "peer-on-socket": { type: "boolean", default: false },
      profile: { type: "string" },
      help: { type: "boolean", default: false },
    },
  })
  const names = positionals.length > 0 ? positionals : Object.keys(SUITES)
  const unknown = names.filter((name) => !(name in SUITES))
  if (values.help || unknown.length > 0) {
    if (unknown.length > 0) process.exitCode = 1
    console.log(unknown.length > 0 ? `There is no suite ${unknown.join(", ")}.\n\n${HELP}` : HELP)
    return
  }
  const results: Record<string, SuiteResult> = {}
  for (const name of names) {
    results[name] = await runSuite(name, {
      isQuick: values.quick,
      peerOnSocket: values["peer-on-socket"],
      profileDir: values.profile,
    })
  }
  print(Object.values(results))
  console.log(`Written to ${await save({ options: values, results })}`)
}

async function runSuite(name: string, options: Omit<SuiteOptions, "note">): Promise<SuiteResult> {
  const startedAt = performance.now()
  const note = (text: string) => {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0).padStart(3)
    console.error(`${name.padEnd(8)} ${seconds} s  ${text}`)
  }
  const suite = SUITES[name]
  if (!suite) throw new Error(`There is no suite ${name}`)
  return suite({ ...options, note })
}

function print(results: readonly SuiteResult[]): void {
  const findings = results.flatMap((result) => result.findings)
  if (findings.length > 0) console.log(renderFindings(findings))
  for (const table of results.flatMap(({ tables = [] }) => tables)) console.log(renderTable(table))
}

async function save(run: object): Promise<string> {
  const dir = join(import.meta.dirname, "results")
  await mkdir(dir, { recursive: true })
  const at = new Date().toISOString()
  const file = join(dir, `${at.slice(0, 19).replaceAll(":", "-")}.json`)
  const [{ model = "" } = {}] = cpus()
  const machine = {
    cpus: cpus().length,
    model,
    memoryMb: Math.round(totalmem() / 1_048_576),
    node: process.version,
  }
  await writeFile(file, `${JSON.stringify({ at, machine, ...run }, null, 2)}\n`)
  return file
}

await main()
