import { expect, test } from "vitest"
import {
  createHook,
  deleteHook,
  getHook,
  listExecutions,
  listHooks,
  listVersions,
  recordExecutions,
  updateHook,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"
import { executionRecord } from "./execution-record.ts"

const everything = { offset: 0, limit: 100 }
const doesNotExist = { code: "HookDoesNotExist", message: "Error: Hook does not exist" }

onEachDatabase((newStorage) => {
  test("a hook has an id of 26 characters, and by default no dependencies and is not enabled", async () => {
    const storage = await newStorage()
    const hook = await createHook(storage, {
      name: "a-hook",
      script: "code",
      triggerId: "send-phone-message",
    })
    expect(hook).toEqual({
      id: expect.stringMatching(/^[0-9A-HJKMNP-TV-Z]{26}$/),
      name: "a-hook",
      script: "code",
      dependencies: {},
      triggerId: "send-phone-message",
      enabled: false,
    })
    expect(await getHook(storage, hook.id)).toEqual(hook)
  })

  test("two hooks cannot have one name", async () => {
    const storage = await newStorage()
    const first = await createHook(storage, { name: "first", script: "1", triggerId: "send-phone-message" })
    const second = await createHook(storage, { name: "second", script: "2", triggerId: "send-phone-message" })
    await expect(
      createHook(storage, { name: "first", script: "3", triggerId: "post-change-password" }),
    ).rejects.toMatchObject({ code: "HookAlreadyExists", message: "Hook with the same name already exists." })
    await expect(updateHook(storage, second.id, { name: "first" })).rejects.toMatchObject({
      code: "HookAlreadyExists",
      message: "A hook with the same name already exists.",
    })
    expect((await listHooks(storage, everything)).hooks).toEqual([first, second])
  })

  test("an update replaces what it names and leaves the rest", async () => {
    const storage = await newStorage()
    const hook = await createHook(storage, {
      name: "a-hook",
      script: "code",
      triggerId: "send-phone-message",
      dependencies: { lodash: "4.17.21" },
    })
    expect(await updateHook(storage, hook.id, { script: "better" })).toEqual({ ...hook, script: "better" })
    expect(await updateHook(storage, hook.id, { name: "renamed", dependencies: {} })).toEqual({
      ...hook,
      name: "renamed",
      script: "better",
      dependencies: {},
    })
  })

  test("new content makes a version; enabling, disabling and content that is the same make none", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, {
      name: "a-hook",
      script: "code",
      triggerId: "send-phone-message",
    })
    const countVersions = async () => (await listVersions(storage, id, everything)).total
    await updateHook(storage, id, { enabled: true })
    await updateHook(storage, id, { enabled: false })
    await updateHook(storage, id, { name: "a-hook", script: "code", dependencies: {} })
    expect(await countVersions()).toBe(1)
    await updateHook(storage, id, { script: "new", enabled: true })
    expect(await countVersions()).toBe(2)
  })

  test("enabling a hook disables the trigger's other one and leaves other triggers alone", async () => {
    const storage = await newStorage()
    const triggerId = "pre-user-registration"
    const other = await createHook(storage, {
      name: "other",
      script: "code",
      triggerId: "post-change-password",
      enabled: true,
    })
    const first = await createHook(storage, { name: "first", script: "code", triggerId, enabled: true })
    const second = await createHook(storage, { name: "second", script: "code", triggerId, enabled: true })
    const enabledIds = async () =>
      (await listHooks(storage, { ...everything, enabled: true })).hooks.map((hook) => hook.id)
    expect(await enabledIds()).toEqual([other.id, second.id])
    expect(await updateHook(storage, first.id, { enabled: true })).toEqual(first)
    expect(await enabledIds()).toEqual([other.id, first.id])
  })

  test("of hooks that are enabled at the same time one ends enabled", async () => {
    const storage = await newStorage()
    const hooks = await Promise.all(
      Array.from({ length: 8 }, (_, number) =>
        createHook(storage, {
          name: `hook-${number}`,
          script: "code",
          triggerId: "credentials-exchange",
          enabled: true,
        }),
      ),
    )
    await Promise.all(hooks.map((hook) => updateHook(storage, hook.id, { enabled: true })))
    expect((await listHooks(storage, { ...everything, enabled: true })).total).toBe(1)
  })

  test("saves of one hook at the same time are all kept, each as a version", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, { name: "a-hook", script: "0", triggerId: "send-phone-message" })
    await Promise.all([
      updateHook(storage, id, { script: "1" }),
      updateHook(storage, id, { dependencies: { lodash: "4.17.21" } }),
      updateHook(storage, id, { name: "renamed" }),
    ])
    expect(await getHook(storage, id)).toMatchObject({
      script: "1",
      dependencies: { lodash: "4.17.21" },
      name: "renamed",
    })
    const { versions } = await listVersions(storage, id, everything)
    expect(versions.map((version) => version.number)).toEqual([4, 3, 2, 1])
  })

  test("the list is in the order of creation, filtered and paged, with the total of all pages", async () => {
    const storage = await newStorage()
    for (const name of ["d", "c", "b", "a"])
      await createHook(storage, { name, script: "code", triggerId: "send-phone-message" })
    await createHook(storage, { name: "e", script: "code", triggerId: "post-change-password", enabled: true })
    const names = async (filter: Partial<Parameters<typeof listHooks>[1]>) => {
      const { hooks, total } = await listHooks(storage, { ...everything, ...filter })
      return { names: hooks.map((hook) => hook.name).join(""), total }
    }
    expect(await names({})).toEqual({ names: "dcbae", total: 5 })
    expect(await names({ offset: 1, limit: 2 })).toEqual({ names: "cb", total: 5 })
    expect(await names({ offset: 5 })).toEqual({ names: "", total: 5 })
    expect(await names({ triggerId: "send-phone-message", limit: 1 })).toEqual({ names: "d", total: 4 })
    expect(await names({ enabled: false })).toEqual({ names: "dcba", total: 4 })
    expect(await names({ enabled: true, triggerId: "send-phone-message" })).toEqual({ names: "", total: 0 })
  })

  test("a deleted hook is gone with its versions, its name is free, and its history stays", async () => {
    const storage = await newStorage()
    const newHook = { name: "a-hook", script: "code", triggerId: "send-phone-message" } as const
    const { id } = await createHook(storage, { ...newHook, enabled: true })
    await recordExecutions(storage, [
      executionRecord({ head: { executionId: "exe_1", hookId: id, hookName: "a-hook" } }),
    ])
    await deleteHook(storage, id)
    await expect(getHook(storage, id)).rejects.toMatchObject(doesNotExist)
    expect(await storage.db.$count(storage.tables.hookVersions)).toBe(0)
    expect((await listExecutions(storage, { hookId: id, limit: 10 })).executions).toMatchObject([
      { hookName: "a-hook" },
    ])
    expect(await createHook(storage, newHook)).toMatchObject({ name: "a-hook", enabled: false })
  })

  test("what is asked of a hook that does not exist is refused in the contract's words", async () => {
    const storage = await newStorage()
    await expect(getHook(storage, "nope")).rejects.toMatchObject(doesNotExist)
    await expect(updateHook(storage, "nope", { enabled: true })).rejects.toMatchObject(doesNotExist)
    await expect(updateHook(storage, "nope", { script: "code" })).rejects.toMatchObject(doesNotExist)
    await expect(deleteHook(storage, "nope")).rejects.toMatchObject(doesNotExist)
  })

  test("a hook that is deleted while it is being changed was changed before, or is reported as missing", async () => {
    const storage = await newStorage()
    const { id } = await createHook(storage, {
      name: "gone",
      script: "code",
      triggerId: "send-phone-message",
    })
    const [deleted, ...changes] = await Promise.allSettled([
      deleteHook(storage, id),
      updateHook(storage, id, { script: "new", enabled: true }),
      updateHook(storage, id, { enabled: true }),
    ])
    expect(deleted.status).toBe("fulfilled")
    for (const change of changes)
      if (change.status === "rejected") expect(change.reason).toMatchObject(doesNotExist)
    await expect(getHook(storage, id)).rejects.toMatchObject(doesNotExist)
    expect(await storage.db.$count(storage.tables.hookVersions)).toBe(0)
  })

  test("enabling a hook that is gone leaves the enabled one alone", async () => {
    const storage = await newStorage()
    const triggerId = "send-phone-message"
    const { id } = await createHook(storage, { name: "on", script: "code", triggerId, enabled: true })
    await expect(updateHook(storage, "nope", { enabled: true })).rejects.toMatchObject(doesNotExist)
    expect(await getHook(storage, id)).toMatchObject({ enabled: true })
  })
})
