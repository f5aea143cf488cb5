import { expect, test } from "vitest"
import { createHook, deleteHook, findHookDocument, saveHookDocument } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

onEachDatabase((newStorage) => {
  async function newHook() {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "h", script: "s", triggerId: "post-change-password" })
    return { storage, id }
  }

  test("a hook that never wrote has the empty version 0", async () => {
    const { storage, id } = await newHook()
    expect(await findHookDocument(storage, id)).toEqual({ version: 0 })
  })

  test("the newest state stays, whatever comes late", async () => {
    const { storage, id } = await newHook()
    for (const [version, sealed] of [
      [2, "second"],
      [3, "third"],
      [1, "first"],
    ] as const) {
      expect(await saveHookDocument(storage, id, { version, sealed })).toBe("saved")
    }
    expect(await findHookDocument(storage, id)).toEqual({ version: 3, sealed: "third" })
  })

  test("a document that was removed is saved as that", async () => {
    const { storage, id } = await newHook()
    await saveHookDocument(storage, id, { version: 1, sealed: "first" })
    await saveHookDocument(storage, id, { version: 2 })
    expect(await findHookDocument(storage, id)).toEqual({ version: 2 })
  })

  test("a document goes with its hook, and none is saved for one that is gone", async () => {
    const { storage, id } = await newHook()
    await saveHookDocument(storage, id, { version: 1, sealed: "first" })
    await deleteHook(storage, id)
    expect(await findHookDocument(storage, id)).toEqual({ version: 0 })
    expect(await saveHookDocument(storage, id, { version: 2, sealed: "late" })).toBe("hook_missing")
  })
})
