import { expect, test } from "vitest"
import {
  addSecrets,
  createHook,
  getVersion,
  listVersions,
  MAX_VERSIONS_PER_HOOK,
  updateHook,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

onEachDatabase((newStorage) => {
  test("every save is a version that keeps what the hook was; secrets are shown by name", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "one", script: "1", triggerId: "send-phone-message" })
    await updateHook(storage, id, { script: "2" })
    await addSecrets(storage, id, { KEY: "s3cret" })
    await updateHook(storage, id, { name: "two" })

    const first = await getVersion(storage, id, 1)
    expect(first).toEqual({
      id: expect.any(String),
      hookId: id,
      number: 1,
      name: "one",
      script: "1",
      dependencies: {},
      secretNames: [],
      createdAt: expect.any(Date),
      buildStatus: "none",
      buildLog: "",
      lock: null,
      lockHash: null,
      specifiers: null,
      bundleId: null,
    })
    const { script: _, buildLog: _log, lock: _lock, specifiers: _specifiers, ...summary } = first
    const { versions, total } = await listVersions(storage, id, { offset: 0, limit: 10 })
    expect(total).toBe(4)
    expect(versions[3]).toEqual(summary)
    expect(versions.map(({ number, name, secretNames }) => ({ number, name, secretNames }))).toEqual([
      { number: 4, name: "two", secretNames: ["KEY"] },
      { number: 3, name: "one", secretNames: ["KEY"] },
      { number: 2, name: "one", secretNames: [] },
      { number: 1, name: "one", secretNames: [] },
    ])
  })

  test("versions are paged, the newest first", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "a-hook", script: "1", triggerId: "send-phone-message" })
    await updateHook(storage, id, { script: "2" })
    await updateHook(storage, id, { script: "3" })
    const page = await listVersions(storage, id, { offset: 1, limit: 1 })
    expect(page).toMatchObject({ versions: [{ number: 2 }], total: 3 })
  })

  test("of a hook that is saved again and again the oldest versions are dropped", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "a-hook", script: "1", triggerId: "send-phone-message" })
    const last = MAX_VERSIONS_PER_HOOK + 2
    for (let number = 2; number <= last; number++) await updateHook(storage, id, { script: `${number}` })
    const { versions, total } = await listVersions(storage, id, { offset: 0, limit: last })
    expect(total).toBe(MAX_VERSIONS_PER_HOOK)
    expect(versions.at(0)?.number).toBe(last)
    expect(versions.at(-1)?.number).toBe(3)
  })

  test("a version or hook that does not exist is reported as such", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "a-hook", script: "1", triggerId: "send-phone-message" })
    await expect(getVersion(storage, id, 2)).rejects.toMatchObject({ code: "version_not_found" })
    await expect(getVersion(storage, "nope", 1)).rejects.toMatchObject({ code: "HookDoesNotExist" })
    await expect(listVersions(storage, "nope", { offset: 0, limit: 1 })).rejects.toMatchObject({
      code: "HookDoesNotExist",
    })
  })
})
