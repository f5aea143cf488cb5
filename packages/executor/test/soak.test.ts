import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { afterAll, beforeAll, expect, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { isAlive, noAbort, pidsOf, start, taskOf } from "./harness.ts"
import { LINGER } from "./hostile/linger.ts"

/** Runs that are hostile in ways which cost little time; what takes a second each is in `exhaust.test.ts`. */
const QUICK = [
  "throw null",
  "Promise.reject(null)",
  "process.exit(1)",
  "cb(null, 'x'.repeat(1e6))",
  "const f = () => f() + 1; f()",
  "for (let n = 0; n < 2000; n++) console.log('x'.repeat(100)); cb()",
  "for (;;) setTimeout(() => {}, 1e6)",
  "require('net').connect(80, '127.0.0.1').on('error', cb)",
]
const RUNS = 1_000
/** What is made once, such as buffers and caches, is made then. */
const WARM_UP_RUNS = 100
const VERSIONS = 3

let executors: Executors

beforeAll(async () => {
  executors = await start({ maxExecutors: VERSIONS + 1 })
})
afterAll(() => executors.close())

function eventOf(attack: number): object {
  return { user: { attack }, context: { connection: {} } }
}

async function answerOfBenign(): Promise<unknown> {
  const script = "module.exports = (user, context, cb) => cb(null, { exact: [user.attack, 2] })"
  const { outcome } = await executors.run(taskOf(script, { versionId: "benign", event: eventOf(1) }), noAbort)
  return outcome
}

/** What this process, the worker, holds on to. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc")
  runInNewContext("gc")()
  return process.memoryUsage().heapUsed
}

/** Memory of the executor of the benign hook, which served no other. */
function benignRssMb(): number {
  const { executors: all } = executors.stats()
  return all.find(({ hookVersions }) => hookVersions.includes("benign"))?.rssMb ?? 0
}

test("a thousand hostile runs leave the service as it was", { timeout: 120_000 }, async () => {
  const attacks = [...QUICK, ...LINGER.map(([, body]) => `cb(null, "left"); ${body}`)]
    // It takes a quarter of a second to find these, each time.
    .filter((body) => !/storm|for \(;;\); \}|then\(f\)/.test(body))
  const script = `const attacks = [${attacks.map((body) => `(user, context, cb) => { ${body} }`).join(",\n")}]
    module.exports = (user, context, cb) => attacks[user.attack](user, context, cb)`
  const benign = { status: "returned", value: { exact: [1, 2] } }
  expect(await answerOfBenign()).toEqual(benign)
  const attackUntil = async (last: number) => {
    while (started < last) {
      const event = eventOf(started % attacks.length)
      const versionId = `hostile-${started % VERSIONS}`
      started += 1
      await executors.run(taskOf(script, { versionId, timeoutMs: 2_000, event }), noAbort)
    }
  }
  const attack = (last: number) => Promise.all(Array.from({ length: 2 * VERSIONS }, () => attackUntil(last)))
  let started = 0
  await attack(WARM_UP_RUNS)
  const [workerBefore, benignBefore] = [heldBytes(), benignRssMb()]
  await attack(WARM_UP_RUNS + RUNS)
  const begun = performance.now()
  expect(await answerOfBenign()).toEqual(benign)
  expect(performance.now() - begun).toBeLessThan(2_000)
  const pids = pidsOf(executors)
  expect(pids.length).toBeLessThanOrEqual(VERSIONS + 2)
  expect(heldBytes()).toBeLessThan(workerBefore * 1.1)
  expect(benignRssMb()).toBeLessThan(benignBefore * 1.1)
  await executors.close()
  expect(pids.filter(isAlive)).toEqual([])
})
