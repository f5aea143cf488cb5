import { parseArgs } from "node:util"
import { startVitest } from "vitest/node"

const HIGHEST_SEED = 2 ** 32 - 1
const DATABASES = ["sqlite", "postgres"] as const

const USAGE = `npm run chaos -- [options]

Runs a service of its own under load, does it harm for a while, and then counts what was promised.
Ends with 1 when a promise was broken.

  --minutes N        how long it is done harm; each kind of fault comes at least once (3)
  --database NAME    sqlite: one gateway; postgres: two gateways on one PostgreSQL (sqlite)
  --seed N           0 to ${HIGHEST_SEED}: decides the faults and their order; it is printed (any)
  --help             this text
`

const { values } = parse()
if (values.help) {
  process.stdout.write(USAGE)
  process.exit(0)
}
const seconds = Number(values.minutes) * 60
const seed = Number(values.seed)
const database = DATABASES.find((name) => name === values.database)
if (!(seconds > 0) || !Number.isInteger(seed) || seed < 0 || seed > HIGHEST_SEED || !database) refuse()
const vitest = await startVitest("test", ["e2e/chaos.test.ts"], {
  config: false,
  globalSetup: ["scripts/test-setup.ts"],
  watch: false,
  disableConsoleIntercept: true,
  provide: { chaos: { seconds, seed, database } },
})
await vitest.close()

function parse() {
  try {
    return parseArgs({
      options: {
        minutes: { type: "string", default: "3" },
        seed: { type: "string", default: anySeed() },
        database: { type: "string", default: "sqlite" },
        help: { type: "boolean", default: false },
      },
    })
  } catch {
    return refuse()
  }
}

function refuse(): never {
  process.stderr.write(USAGE)
  process.exit(2)
}

function anySeed(): string {
  return String(Math.floor(Math.random() * HIGHEST_SEED))
}
