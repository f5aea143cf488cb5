import { parseArgs } from "node:util"
import { startVitest } from "vitest/node"

const USAGE = "npm run chaos -- [--minutes 3] [--seed 42]"
const HIGHEST_SEED = 2 ** 32 - 1

const { values } = parseArgs({
  options: { minutes: { type: "string", default: "3" }, seed: { type: "string", default: anySeed() } },
})
const seconds = Number(values.minutes) * 60
const seed = Number(values.seed)
if (!(seconds > 0) || !Number.isInteger(seed) || seed < 0 || seed > HIGHEST_SEED) {
  process.stderr.write(`${USAGE}\n`)
  process.exit(2)
}
const vitest = await startVitest("test", ["e2e/chaos.test.ts"], {
  config: false,
  watch: false,
  disableConsoleIntercept: true,
  provide: { chaos: { seconds, seed } },
})
await vitest.close()

function anySeed(): string {
  return String(Math.floor(Math.random() * HIGHEST_SEED))
}
