import type { AppError } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { expect, onTestFinished, test } from "vitest"
import { joinKeys } from "../src/index.ts"
import { testConnection } from "./support.ts"

const [OLD, NEW, FOREIGN] = [generateMasterKey(), generateMasterKey(), generateMasterKey()]

/** A deployment: `start` is a process with these master keys, and gives what stops it. */
function deployment() {
  const connection = testConnection()
  let count = 0
  const start = async (masterKeys: string) => {
    count += 1
    const ring = { id: `p${count}`, keyRing: createKeyRing(masterKeys), patienceMs: 0 }
    const { close } = await joinKeys(connection, ring)
    onTestFinished(close)
    return close
  }
  return { connection, start }
}

test("processes with one key start", async () => {
  const { start } = deployment()
  await start(OLD)
  await start(OLD)
})

test("one with another key does not start, also when the others are gone, and says what to do", async () => {
  const { start } = deployment()
  const stop = await start(OLD)
  await stop()
  await expect(start(FOREIGN)).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringMatching(
      /^The master key does not fit: .* sealed with key [0-9a-f]{8}, .*master\.key/,
    ),
  })
  await start(OLD)
})

test("a key is rotated in two steps, one process after the other", async () => {
  const { start } = deployment()
  const stops = [await start(OLD), await start(OLD)]
  for (const ring of [`${OLD},${NEW}`, `${NEW},${OLD}`]) {
    for (const stop of stops.splice(0)) {
      await stop()
      stops.push(await start(ring))
    }
  }
  for (const stop of stops) await stop()
  await start(NEW)
})

test("a new key in front is refused while a process is there that does not have it", async () => {
  const { start } = deployment()
  await start(OLD)
  await expect(start(`${NEW},${OLD}`)).rejects.toMatchObject({
    message: expect.stringContaining("give every process HOOKLANE_MASTER_KEY=<old>,<new> first"),
  })
})

test("a process without the new key is refused as soon as that is in use", async () => {
  const { start } = deployment()
  await start(`${OLD},${NEW}`)
  await start(`${NEW},${OLD}`)
  await expect(start(OLD)).rejects.toMatchObject({ code: "invalid_setting" })
})

test("a Redis that came back empty is told of the key again", async () => {
  const { connection, start } = deployment()
  const stop = await start(OLD)
  await connection.commands.run((client) => client.del(`${connection.prefix}:key-check`))
  const isThere = () => connection.commands.run((client) => client.exists(`${connection.prefix}:key-check`))
  await expect.poll(isThere).toBe(1)
  await stop()
  await expect(start(FOREIGN)).rejects.toMatchObject({ code: "invalid_setting" })
})

test("a process that stood still while the key was changed is told to stop, and what it lacks", async () => {
  const { connection, start } = deployment()
  const misfit = Promise.withResolvers<AppError>()
  const { close } = await joinKeys(connection, {
    id: "frozen",
    keyRing: createKeyRing(OLD),
    onMisfit: misfit.resolve,
  })
  onTestFinished(close)
  await connection.commands.run((client) => client.del(`${connection.prefix}:key-ring:frozen`))
  await start(`${NEW},${OLD}`)
  expect(await misfit.promise).toMatchObject({
    code: "invalid_setting",
    message: expect.stringContaining("The master key does not fit"),
  })
})
