import { snapshotSchema } from "@hooklane/core"
import { expect, test } from "vitest"
import {
  createHook,
  deleteHook,
  findEnabledSnapshot,
  getCurrentSnapshot,
  getSnapshot,
  listEnabledSnapshots,
  updateHook,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

onEachDatabase((newStorage) => {
  test("a trigger's enabled hook is found as a worker needs it", async () => {
    const storage = await newStorage()
    const triggerId = "credentials-exchange"
    expect(await findEnabledSnapshot(storage, triggerId)).toBeUndefined()
    const { id } = await createHook(storage, {
      name: "a-hook",
      script: "code",
      triggerId,
      dependencies: { lodash: "4.17.21" },
      enabled: true,
    })
    const snapshot = await findEnabledSnapshot(storage, triggerId)
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
    expect(await findEnabledSnapshot(storage, triggerId)).toBeUndefined()
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

  test("the enabled hooks of all triggers are listed, one each", async () => {
    const storage = await newStorage()
    const script = "code"
    await createHook(storage, { name: "off", script, triggerId: "send-phone-message" })
    await createHook(storage, { name: "replaced", script, triggerId: "send-phone-message", enabled: true })
    await createHook(storage, { name: "phone", script, triggerId: "send-phone-message", enabled: true })
    await createHook(storage, { name: "password", script, triggerId: "post-change-password", enabled: true })
    const names = (await listEnabledSnapshots(storage)).map((snapshot) => snapshot.hookName)
    expect(names.sort()).toEqual(["password", "phone"])
  })
})
