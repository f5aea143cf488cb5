import { setImmediate as nextTurn } from "node:timers/promises"
import { expect, test } from "vitest"
import { createTurnBatch } from "../src/turn-batch.ts"

function batches(send: (items: string[]) => Promise<unknown> = async () => {}) {
  const sent: string[][] = []
  const give = createTurnBatch<string>({
    send: (items) => {
      sent.push(items)
      return send(items)
    },
    sizeOf: (item) => item.length,
  })
  return { sent, give }
}

test("what one turn brings goes together, and the next turn's by itself", async () => {
  const { sent, give } = batches()
  await Promise.all([give("a"), Promise.resolve().then(() => give("b"))])
  await give("c")
  expect(sent).toEqual([["a", "b"], ["c"]])
})

test("many go in parts, and so do large ones", async () => {
  const { sent, give } = batches()
  await Promise.all(Array.from({ length: 250 }, () => give("x")))
  expect(sent.map((items) => items.length)).toEqual([100, 100, 50])
  const large = "x".repeat(600_000)
  await Promise.all([give(large), give(large), give(large)])
  expect(sent.slice(3).map((items) => items.length)).toEqual([2, 1])
})

test("those whose part failed hear of it, and no others", async () => {
  const { give } = batches(async (items) => {
    if (items.includes("bad")) throw new Error("refused")
  })
  const failed = [give("bad"), give("with it")]
  await expect(Promise.all(failed)).rejects.toThrow("refused")
  await expect(failed[1]).rejects.toThrow("refused")
  await nextTurn()
  await expect(give("later")).resolves.toBeUndefined()
})
