import { expect, test } from "vitest"
import { watchWall } from "../launcher/watch-wall.ts"
import { welcome } from "../launcher/welcome.ts"

const started = (wall: string, by: string) =>
  JSON.stringify({ level: 30, process: "worker", wall, by, msg: "worker started" })

test("the start screen shows the lowest wall of all workers", () => {
  const { take, describe } = watchWall()
  expect(describe()).toBeUndefined()
  for (const line of ["{", started("none", "x"), started("kernel", "bwrap")]) take(line)
  expect(describe()).toBe("walled in by the kernel (bwrap)")
  take(started("user", "setuid"))
  take(started("kernel", "bwrap"))
  const facts = { url: "http://localhost", credentialsFile: "/c", logFile: "/l" }
  expect(welcome({ ...facts, wall: describe() })).toMatch(/^ {2}Hooks +each a user of its own/m)
})
