import { expect, test } from "vitest"
import {
  type HookDocument,
  listUnsaved,
  markSaved,
  readDocument,
  removeDocument,
  restoreDocument,
  writeDocument,
} from "../src/hook-storage.ts"
import { testConnection } from "./support.ts"

const hookId = "01HOOK"

async function restored(document: HookDocument = { version: 0 }) {
  const connection = testConnection()
  await restoreDocument(connection, hookId, async () => document)
  return connection
}

test("a document that was not restored is not an empty one", async () => {
  const connection = testConnection()
  await expect(readDocument(connection, hookId)).rejects.toMatchObject({ code: "redis_unavailable" })
  const write = writeDocument(connection, { hookId, sealed: "a" })
  await expect(write).rejects.toMatchObject({ code: "redis_unavailable" })
  expect(await listUnsaved(connection)).toEqual(new Map())
})

test("a document is restored once: what Redis knows is newer", async () => {
  const connection = await restored({ version: 4, sealed: "stored" })
  expect(await readDocument(connection, hookId)).toEqual({ version: 4, sealed: "stored" })
  await writeDocument(connection, { hookId, sealed: "written" })
  await restoreDocument(connection, hookId, () => Promise.reject(new Error("is not asked")))
  expect(await readDocument(connection, hookId)).toEqual({ version: 5, sealed: "written" })
})

test("each write is the next version, and is listed until that one is saved", async () => {
  const connection = await restored()
  expect(await readDocument(connection, hookId)).toEqual({ version: 0 })
  expect(await writeDocument(connection, { hookId, sealed: "a", onlyAfter: 0 })).toEqual({ version: 1 })
  expect(await writeDocument(connection, { hookId, sealed: "b" })).toEqual({ version: 2 })
  await markSaved(connection, { hookId, version: 1 })
  expect(await listUnsaved(connection)).toEqual(new Map([[hookId, 2]]))
  await markSaved(connection, { hookId, version: 2 })
  expect(await listUnsaved(connection)).toEqual(new Map())
})

test("a write after another one's is refused with what that one wrote", async () => {
  const connection = await restored()
  await writeDocument(connection, { hookId, sealed: "theirs", onlyAfter: 0 })
  const write = await writeDocument(connection, { hookId, sealed: "mine", onlyAfter: 0 })
  expect(write).toEqual({ conflict: { version: 1, sealed: "theirs" } })
  expect(await readDocument(connection, hookId)).toEqual({ version: 1, sealed: "theirs" })
})

test("of many writers that read the same version exactly one writes", async () => {
  const connection = await restored()
  const writes = Array.from({ length: 20 }, (_, n) =>
    writeDocument(connection, { hookId, sealed: `writer ${n}`, onlyAfter: 0 }),
  )
  const answers = await Promise.all(writes)
  expect(answers.filter((answer) => "version" in answer)).toEqual([{ version: 1 }])
})

test("a document is removed by writing nothing, which counts as a version", async () => {
  const connection = await restored({ version: 3, sealed: "a" })
  expect(await writeDocument(connection, { hookId, sealed: undefined, onlyAfter: 3 })).toEqual({ version: 4 })
  expect(await readDocument(connection, hookId)).toEqual({ version: 4 })
})

test("the document of a deleted hook takes no more writes", async () => {
  const connection = await restored()
  await writeDocument(connection, { hookId, sealed: "a" })
  await removeDocument(connection, hookId)
  expect(await listUnsaved(connection)).toEqual(new Map())
  const write = writeDocument(connection, { hookId, sealed: "b" })
  await expect(write).rejects.toMatchObject({ code: "redis_unavailable" })
})
