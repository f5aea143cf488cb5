import { expect, test } from "vitest"
import { startFairTimer } from "../src/fair-timer.ts"

function block(ms: number): void {
  const until = performance.now() + ms
  while (performance.now() < until);
}

test("time in which the process itself was held up does not count", async () => {
  const { promise: over, resolve } = Promise.withResolvers<number>()
  const startedAt = performance.now()
  startFairTimer(200, () => resolve(performance.now() - startedAt))
  block(150)
  expect(await over).toBeGreaterThan(270)
})

test("it is over in any case when twice the time has passed", async () => {
  const { promise: over, resolve } = Promise.withResolvers<string>()
  startFairTimer(40, () => resolve("over"))
  setImmediate(block, 100)
  expect(await over).toBe("over")
})

test("what has arrived by then is heard first", async () => {
  const heard: string[] = []
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const { port1, port2 } = new MessageChannel()
  const stop = startFairTimer(40, () => {
    heard.push("over")
    resolve()
  })
  port1.onmessage = () => {
    heard.push("answer")
    stop()
    port1.close()
    resolve()
  }
  port2.postMessage("answer")
  block(200)
  await over
  expect(heard).toEqual(["answer"])
})
