import { snapshotSchema } from "@hooklane/core"
import { expect, test } from "vitest"
import {
  createHook,
  deleteHook,
  findEnabledSnapshots,
  getCurrentSnapshot,
  getSnapshot,
  updateHook,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

onEachDatabase((newStorage) => {
  test("a trigger's enabled hook is found as a worker needs it", async () => {
    const storage = await newStorage()
    const triggerId = "credentials-exchange"
    expect((await findEnabledSnapshots(storage, triggerId))[0]).toBeUndefined()
    const { id } = await createHook(storage, {
      name: "a-hook",
      script: "code",
      triggerId,
      dependencies: { lodash: "4.17.21" },
      enabled: true,
    })
    const snapshot = (await findEnabledSnapshots(storage, triggerId))[0]
    expect(snapshotSchema.parse(snapshot)).toEqual({
      versionId: expect.any(String),
      hookId: id,
      hookName: "a-hook",
      number: 1,
      triggerId,
      script: "code",
      dependencies: { lodash: "4.17.21" },
      sealedSecrets: {},
      unbuilt: "pending",
    })
    await updateHook(storage, id, { enabled: false })
    expect((await findEnabledSnapshots(storage, triggerId))[0]).toBeUndefined()
    expect(await getCurrentSnapshot(storage, id)).toEqual(snapshot)
  })

  test("an older version is still had by its id, as long as its hook is there", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "one", script: "1", triggerId: "send-phone-message" })
    const first = await getCurrentSnapshot(storage, id)
    await updateHook(storage, id, { name: "two", script: "2" })
    expect(await getSnapshot(storage, first.versionId)).toEqual(first)
    expect(await getCurrentSnapshot(storage, id)).toMatchObject({ hookName: "two", number: 2, script: "2" })
    await deleteHook(storage, id)
    await expect(getSnapshot(storage, first.versionId)).rejects.toMatchObject({ code: "version_not_found" })
  })

  test("hooks that were enabled to join one another are all there, the oldest first", async () => {
    const storage = await newStorage()
    const triggerId = "credentials-exchange"
    const hook = { script: "code", triggerId, enabled: true } as const
    const one = await createHook(storage, { ...hook, name: "one" }, { enabling: "join" })
    await createHook(storage, { ...hook, name: "two" }, { enabling: "join" })
    const names = async () => (await findEnabledSnapshots(storage, triggerId)).map(({ hookName }) => hookName)
    expect(await names()).toEqual(["one", "two"])
    await updateHook(storage, one.id, { enabled: false })
    expect(await names()).toEqual(["two"])
    await updateHook(storage, one.id, { enabled: true }, { enabling: "join" })
    expect(await names()).toEqual(["one", "two"])
    await updateHook(storage, one.id, { enabled: true })
    expect(await names()).toEqual(["one"])
  })
})
