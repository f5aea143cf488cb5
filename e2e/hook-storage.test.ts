import { parseConfig } from "@hooklane/core"
import { listUnsaved, openConnection } from "@hooklane/queue"
import { expect } from "vitest"
import { testWithService } from "./service-test.ts"

const test = testWithService({ workers: 2 })

const BACK_WITHIN = { timeout: 10_000, interval: 100 }

/** Counts its runs, and tries again when another run was faster. */
const COUNT = `
  const { storage } = context.webtask
  const count = (data) => {
    const next = { runs: ((data && data.runs) || 0) + 1 }
    storage.set(next, (error) => {
      if (!error) cb(null, { scope: [String(next.runs)] })
      else if (error.code === 409) count(error.conflict)
      else cb(error)
    })
  }
  storage.get((error, data) => (error ? cb(error) : count(data)))`

const counted = (runs: number) => ({ status: 200, body: { result: { scope: [String(runs)] } } })

async function unsavedIn(url: string) {
  const connection = openConnection({ url, prefix: parseConfig({}).redisPrefix })
  const unsaved = await listUnsaved(connection)
  await connection.close()
  return unsaved
}

test("a hook's storage loses no write of runs at the same time, in several workers", async ({
  service: { api },
}) => {
  await api.createHook("credentials-exchange", COUNT)
  const answers = await Promise.all(Array.from({ length: 12 }, () => api.fire("credentials-exchange")))
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200))
  expect(await api.fire("credentials-exchange")).toMatchObject(counted(13))
})

test("a hook's storage survives new versions, its being disabled, and a Redis that lost everything", async ({
  service: { api, redis },
}) => {
  const { id, script } = await api.createHook("credentials-exchange", COUNT)
  await api.fire("credentials-exchange")
  await api.patch(`/api/v2/hooks/${id}`, { enabled: false })
  await api.patch(`/api/v2/hooks/${id}`, { enabled: true, script: `// changed\n${script}` })
  expect(await api.fire("credentials-exchange")).toMatchObject(counted(2))

  await expect.poll(() => unsavedIn(redis.url), BACK_WITHIN).toEqual(new Map())
  await redis.stop()
  await redis.wipe()
  await redis.start()
  await expect.poll(() => api.fire("credentials-exchange"), BACK_WITHIN).toMatchObject(counted(3))
})

test("a hook begins with an empty storage, also after one that was deleted", async ({ service: { api } }) => {
  const { id } = await api.createHook("credentials-exchange", COUNT)
  expect(await api.fire("credentials-exchange")).toMatchObject(counted(1))
  expect(await api.send("DELETE", `/api/v2/hooks/${id}`)).toMatchObject({ status: 204 })
  await api.createHook("credentials-exchange", COUNT)
  expect(await api.fire("credentials-exchange")).toMatchObject(counted(1))
})
