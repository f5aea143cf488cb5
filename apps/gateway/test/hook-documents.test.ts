import { randomUUID } from "node:crypto"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { openConnection, readDocument, removeDocument, restoreDocument, writeDocument } from "@hooklane/queue"
import { createHook, deleteHook, findHookDocument, getCurrentSnapshot, openStorage } from "@hooklane/storage"
import { pino } from "pino"
import { expect, inject, onTestFinished, test } from "vitest"
import { forgetDocument, saveDocuments } from "../src/hook-documents.ts"
import { publishVersion } from "../src/publish-version.ts"

const config = { retentionDays: 1, maxDelayDays: 0 }

async function openHook() {
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing: createKeyRing(generateMasterKey()) })
  const connection = openConnection({ url: inject("redisUrl"), prefix: `test-${randomUUID()}` })
  const hook = await createHook(storage, { name: "h", script: "s", triggerId: "credentials-exchange" })
  const snapshot = await getCurrentSnapshot(storage, hook.id)
  const publish = () => publishVersion({ storage, connection, config }, snapshot)
  await publish()
  onTestFinished(async () => {
    await removeDocument(connection, hook.id)
    await connection.commands.run((client) =>
      client.del(`${connection.prefix}:snapshot:${snapshot.versionId}`),
    )
    await connection.close()
    await storage.close()
  })
  return { storage, connection, hookId: hook.id, publish }
}

test("a published hook has a document to write to, which is saved", async () => {
  const { storage, connection, hookId } = await openHook()
  await writeDocument(connection, { hookId, sealed: "first" })
  await writeDocument(connection, { hookId, sealed: "second" })
  await saveDocuments({ storage, connection })
  expect(await findHookDocument(storage, hookId)).toEqual({ version: 2, sealed: "second" })
})

test("what was saved is there again when Redis has lost it and the hook is published", async () => {
  const { storage, connection, hookId, publish } = await openHook()
  await writeDocument(connection, { hookId, sealed: "first" })
  await saveDocuments({ storage, connection })
  await removeDocument(connection, hookId)
  await publish()
  expect(await readDocument(connection, hookId)).toEqual({ version: 1, sealed: "first" })
})

test("publishing leaves alone what Redis knows", async () => {
  const { connection, hookId, publish } = await openHook()
  await writeDocument(connection, { hookId, sealed: "not saved yet" })
  await publish()
  expect(await readDocument(connection, hookId)).toEqual({ version: 1, sealed: "not saved yet" })
})

test("the document of a deleted hook goes, also when a run wrote to it meanwhile", async () => {
  const { storage, connection, hookId } = await openHook()
  await deleteHook(storage, hookId)
  await forgetDocument({ connection, log: pino({ level: "silent" }) }, hookId)
  await restoreDocument(connection, hookId, async () => ({ version: 0 }))
  await writeDocument(connection, { hookId, sealed: "late" })
  await saveDocuments({ storage, connection })
  await expect(readDocument(connection, hookId)).rejects.toMatchObject({ code: "redis_unavailable" })
})
