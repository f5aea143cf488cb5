import { expect, onTestFinished, test } from "vitest"
import { appendRecords, isStoredUpTo, markRecords, openRecordReader, takeTurn } from "../src/index.ts"
import { record, testConnection } from "./support.ts"

test("a mark is passed when the history has stored what came before it, whatever came after", async () => {
  const connection = testConnection()
  const append = (id: string) => appendRecords(connection, { maxStreamLength: 1_000 }, [record(id)])
  const reader = openRecordReader(connection, { group: "history", consumer: "one" })
  onTestFinished(() => reader.close())
  expect(await markRecords(connection)).toBeUndefined()
  await append("exe_1")
  await append("exe_2")
  const mark = (await markRecords(connection)) ?? ""
  await append("exe_3")
  const read = await reader.read({ count: 2, blockMs: 1_000 })
  const [first = "", second = ""] = read.map(({ id }) => id)
  // Read is not stored, and a later record may be stored before an earlier one.
  await reader.ack([second])
  expect(await isStoredUpTo(connection, mark)).toBe(false)
  await reader.ack([first])
  expect(await isStoredUpTo(connection, mark)).toBe(true)
})

test("of all that ask, one takes the turn, and the next one when it is over", async () => {
  const connection = testConnection()
  const ask = (forMs: number) => takeTurn(connection, { task: "sweep", forMs })
  const answers = await Promise.all([ask(200), ask(200), ask(200)])
  expect(answers.filter((isMine) => isMine)).toHaveLength(1)
  expect(await takeTurn(connection, { task: "another", forMs: 200 })).toBe(true)
  await expect.poll(() => ask(200)).toBe(true)
})
