import { secretContext } from "@hooklane/core"
import { expect, test } from "vitest"
import {
  addSecrets,
  createHook,
  getCurrentSnapshot,
  getSnapshot,
  listSecretNames,
  listVersions,
  removeSecrets,
  type Storage,
  updateSecrets,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

async function newHookId(storage: Storage): Promise<string> {
  const { id } = await createHook(storage, {
    name: "a-hook",
    script: "code",
    triggerId: "send-phone-message",
  })
  return id
}

async function openSecrets(storage: Storage, hookId: string): Promise<Record<string, string>> {
  const { sealedSecrets } = await getCurrentSnapshot(storage, hookId)
  return Object.fromEntries(
    Object.entries(sealedSecrets).map(([name, sealed]) => [
      name,
      storage.keyRing.open(sealed, secretContext(hookId, name)),
    ]),
  )
}

onEachDatabase((newStorage) => {
  test("names keep the order in which they were added, also those that look like numbers", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    expect(await listSecretNames(storage, id)).toEqual([])
    await addSecrets(storage, id, { ZED: "1", ALPHA: "2" })
    await addSecrets(storage, id, { "7": "3" })
    await updateSecrets(storage, id, { ALPHA: "4" })
    expect(await listSecretNames(storage, id)).toEqual(["ZED", "ALPHA", "7"])
  })

  test("a value reaches the database sealed for its hook and name", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await addSecrets(storage, id, { KEY: "s3cret-value" })
    expect(await openSecrets(storage, id)).toEqual({ KEY: "s3cret-value" })
    const rows = await storage.db.select().from(storage.tables.hookVersions)
    expect(JSON.stringify(rows)).not.toContain("s3cret-value")
  })

  test("an update replaces the values that it names", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await addSecrets(storage, id, { A: "1", B: "2" })
    await updateSecrets(storage, id, { B: "3" })
    expect(await openSecrets(storage, id)).toEqual({ A: "1", B: "3" })
  })

  test("adding a name that is there, or updating one that is not, changes nothing", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await addSecrets(storage, id, { A: "1" })
    await expect(addSecrets(storage, id, { B: "2", A: "3" })).rejects.toMatchObject({
      code: "SecretAlreadyExists",
      message: "Secret with the same name already exists.",
    })
    await expect(updateSecrets(storage, id, { A: "4", B: "5" })).rejects.toMatchObject({
      code: "SecretDoesNotExist",
      message: "Hook or secret not found.",
    })
    expect(await openSecrets(storage, id)).toEqual({ A: "1" })
  })

  test("a hook has twenty secrets at most", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await addSecrets(
      storage,
      id,
      Object.fromEntries(Array.from({ length: 19 }, (_, n) => [`S${n}`, "value"])),
    )
    await expect(addSecrets(storage, id, { A: "1", B: "2" })).rejects.toMatchObject({ code: "invalid_body" })
    await addSecrets(storage, id, { LAST: "1" })
    expect(await listSecretNames(storage, id)).toHaveLength(20)
  })

  test("removing takes the names that are there and minds no others", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await addSecrets(storage, id, { A: "1", B: "2" })
    await removeSecrets(storage, id, ["A", "UNKNOWN"])
    expect(await openSecrets(storage, id)).toEqual({ B: "2" })
    await removeSecrets(storage, id, ["A"])
    expect((await listVersions(storage, id, { offset: 0, limit: 10 })).total).toBe(3)
  })

  test("a change of secrets leaves the versions before it as they were", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await addSecrets(storage, id, { A: "1" })
    const before = await getCurrentSnapshot(storage, id)
    await updateSecrets(storage, id, { A: "2" })
    expect(await getSnapshot(storage, before.versionId)).toEqual(before)
  })

  test("secrets that are added at the same time are all kept", async () => {
    const storage = await newStorage()
    const id = await newHookId(storage)
    await Promise.all(
      Array.from({ length: 10 }, (_, n) => addSecrets(storage, id, { [`S${n}`]: `value ${n}` })),
    )
    expect(Object.keys(await openSecrets(storage, id))).toHaveLength(10)
  })

  test("a hook that does not exist has no secrets to speak of", async () => {
    const storage = await newStorage()
    const missing = { code: "HookDoesNotExist" }
    await expect(listSecretNames(storage, "nope")).rejects.toMatchObject(missing)
    await expect(addSecrets(storage, "nope", { A: "1" })).rejects.toMatchObject(missing)
    await expect(updateSecrets(storage, "nope", { A: "1" })).rejects.toMatchObject(missing)
    await expect(removeSecrets(storage, "nope", ["A"])).rejects.toMatchObject(missing)
  })
})
