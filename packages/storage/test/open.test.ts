import { expect, test } from "vitest"
import { createHook, getHook, openStorage } from "../src/index.ts"
import { onEachSharedDatabase, testKeyRing } from "./databases.ts"

onEachSharedDatabase((newDatabase) => {
  test("a database that is opened again goes on where it was", async () => {
    const { open } = await newDatabase()
    const first = await open()
    const hook = await createHook(first, { name: "a-hook", script: "code", triggerId: "send-phone-message" })
    await first.close()
    expect(await getHook(await open(), hook.id)).toEqual(hook)
  })
})

test.each(["http://localhost/db", "mysql://localhost/db", "nonsense"])(
  "%s is no address of a database",
  async (databaseUrl) => {
    await expect(openStorage({ databaseUrl, keyRing: testKeyRing() })).rejects.toMatchObject({
      code: "invalid_setting",
    })
  },
)
