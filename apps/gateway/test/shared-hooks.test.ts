import { randomUUID } from "node:crypto"
import type { Snapshot } from "@hooklane/core"
import { openConnection, openHookChanges } from "@hooklane/queue"
import { expect, inject, onTestFinished, test } from "vitest"
import { createEnabledHooks } from "../src/enabled-hooks.ts"
import { shareHooks } from "../src/shared-hooks.ts"

const triggerId = "credentials-exchange"

function snapshot(versionId: string): Snapshot {
  return {
    versionId,
    hookId: "hook_1",
    hookName: "my-hook",
    number: 1,
    triggerId,
    script: "",
    dependencies: {},
    sealedSecrets: {},
  }
}

/** Two gateways on one Redis, and the database that they share. */
function twoGateways() {
  const database = { enabled: snapshot("ver_1"), reads: 0 }
  const prefix = `test-${randomUUID()}`
  const open = () => {
    const connection = openConnection({ url: inject("redisUrl"), prefix })
    onTestFinished(async () => {
      await connection.commands.client.del(`${prefix}:hooks-mark`)
      await connection.close()
    })
    const hooks = createEnabledHooks({
      find: async () => {
        database.reads += 1
        return [database.enabled]
      },
      publish: async () => {},
    })
    return shareHooks({ hooks, changes: openHookChanges(connection) })
  }
  return { database, one: open(), other: open() }
}

test("a change at one gateway is seen by the next event at the other", async () => {
  const { database, one, other } = twoGateways()
  for (let version = 1; version <= 20; version++) {
    const versionId = `ver_${version}`
    database.enabled = snapshot(versionId)
    await one.changed(triggerId)
    expect(await other.get(triggerId)).toMatchObject({ versionId })
    expect(await one.get(triggerId)).toMatchObject({ versionId })
  }
})

test("without a change the database is not asked again", async () => {
  const { database, one, other } = twoGateways()
  await one.get(triggerId)
  await other.get(triggerId)
  const { reads } = database
  for (let event = 0; event < 10; event++) await Promise.all([one.get(triggerId), other.get(triggerId)])
  expect(database.reads).toBe(reads)
})

test("an event that comes while the change is being written is followed by ones that see it", async () => {
  const { database, one, other } = twoGateways()
  await other.get(triggerId)
  database.enabled = snapshot("ver_2")
  await Promise.all([one.changed(triggerId), other.get(triggerId), other.get(triggerId)])
  expect(await other.get(triggerId)).toMatchObject({ versionId: "ver_2" })
})
