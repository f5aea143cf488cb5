import { eq } from "drizzle-orm"
import { expect, test } from "vitest"
import { atomically } from "../src/atomic.ts"
import { createHook, getHook } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

onEachDatabase((newStorage) => {
  test("when one write is refused, none of them happens", async () => {
    const storage = await newStorage()
    const { db, tables } = storage
    const hook = await createHook(storage, {
      name: "a-hook",
      script: "code",
      triggerId: "send-phone-message",
    })
    const taken = { ...hook, id: "another", versionNumber: 1 }
    await expect(
      atomically(storage, [
        db.update(tables.hooks).set({ enabled: true }).where(eq(tables.hooks.id, hook.id)),
        db.insert(tables.hooks).values(taken),
      ]),
    ).rejects.toThrow()
    expect(await getHook(storage, hook.id)).toMatchObject({ enabled: false })
  })
})
