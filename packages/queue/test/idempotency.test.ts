import { expect, test } from "vitest"
import { answerKey, freeKey, takeKey } from "../src/index.ts"
import { testConnection } from "./support.ts"

const state = { executionId: "exe_1", fingerprint: "abc" }
const write = (key: string, changes: object = {}) => ({
  key,
  state: { ...state, ...changes },
  ttlSeconds: 60,
})

test("of many requests at once exactly one takes the key; the others learn who has it", async () => {
  const connection = testConnection()
  const attempts = Array.from({ length: 20 }, (_, n) =>
    takeKey(connection, write("race", { executionId: `exe_${n}` })),
  )
  const answers = await Promise.all(attempts)
  const winners = answers.flatMap((answer, n) => (answer === undefined ? [`exe_${n}`] : []))
  expect(winners).toHaveLength(1)
  for (const answer of answers) if (answer) expect(answer.executionId).toBe(winners[0])
})

test("the answer is remembered, for a bounded time", async () => {
  const connection = testConnection()
  await takeKey(connection, write("answered"))
  await answerKey(connection, write("answered", { answer: "sealed" }))
  expect(await takeKey(connection, write("answered"))).toEqual({ ...state, answer: "sealed" })
  const ttl = await connection.commands.client.ttl(`${connection.prefix}:idempotency:answered`)
  expect(ttl).toBeGreaterThan(50)
  expect(ttl).toBeLessThanOrEqual(60)
})

test("a key that was given back can be taken again", async () => {
  const connection = testConnection()
  await takeKey(connection, write("freed"))
  await freeKey(connection, "freed")
  expect(await takeKey(connection, write("freed"))).toBeUndefined()
})
