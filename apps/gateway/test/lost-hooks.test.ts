import { expect, test } from "vitest"
import { watchForLostHooks } from "../src/lost-hooks.ts"

/** A gateway that starts on a database with so many hooks, and what the deployment remembers. */
async function start({ hooks = 0, memory = { had: false }, isAccepted = false }) {
  const database = { hooks }
  const logged: string[] = []
  const watch = await watchForLostHooks({
    countHooks: async () => database.hooks,
    hadHooks: async () => memory.had,
    noteHooks: async (state) => {
      memory.had = state === "some"
    },
    isAccepted,
    log: { error: (text: unknown) => logged.push(String(text)), warn: () => {} },
  })
  return { ...watch, database, memory, logged }
}

test("a new deployment takes events before it has a hook", async () => {
  const { refuseWhileLost, logged } = await start({})
  await expect(refuseWhileLost()).resolves.toBeUndefined()
  expect(logged).toEqual([])
})

test("a deployment that had hooks and has none refuses events with what to do", async () => {
  const { memory } = await start({ hooks: 2 })
  const { refuseWhileLost, logged } = await start({ hooks: 0, memory })
  await expect(refuseWhileLost()).rejects.toMatchObject({
    code: "hooks_missing",
    message: expect.stringContaining("restore the database, or set HOOKLANE_ACCEPT_NO_HOOKS=true"),
  })
  expect(logged).toEqual([expect.stringContaining("had hooks, and its database has none")])
})

test("it takes events again when a hook is saved, or when the operator says so, also after that", async () => {
  const { memory } = await start({ hooks: 1 })
  const saved = await start({ hooks: 0, memory })
  await saved.hookSaved()
  await expect(saved.refuseWhileLost()).resolves.toBeUndefined()
  const accepted = await start({ hooks: 0, memory, isAccepted: true })
  await expect(accepted.refuseWhileLost()).resolves.toBeUndefined()
  await expect((await start({ hooks: 0, memory })).refuseWhileLost()).resolves.toBeUndefined()
})

test("hooks that were deleted one by one are not missed", async () => {
  const { memory, database, hookDeleted } = await start({ hooks: 2 })
  database.hooks = 1
  await hookDeleted()
  expect(memory.had).toBe(true)
  database.hooks = 0
  await hookDeleted()
  await expect((await start({ hooks: 0, memory })).refuseWhileLost()).resolves.toBeUndefined()
})

test("hooks that come back, by another gateway or with the database, end it", async () => {
  const { memory } = await start({ hooks: 1 })
  const { refuseWhileLost, database } = await start({ hooks: 0, memory })
  await expect(refuseWhileLost()).rejects.toMatchObject({ code: "hooks_missing" })
  database.hooks = 2
  await expect(refuseWhileLost()).resolves.toBeUndefined()
})
