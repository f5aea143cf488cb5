import { afterAll, beforeAll, describe, expect, test } from "vitest"
import { openStorageLine } from "../src/contained/storage-line.ts"
import type { StorageAnswer } from "../src/contained/storage-protocol.ts"
import type { Executors, HookStorage, StoredDocument } from "../src/index.ts"
import { noAbort, start, taskOf } from "./harness.ts"

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

/** One document in memory. */
function memory(json?: string): HookStorage & { document: StoredDocument } {
  const storage = {
    document: { json, version: 7 } as StoredDocument,
    read: async () => storage.document,
    write: async (_: string, { json, onlyAfter }: Parameters<HookStorage["write"]>[1]) => {
      if (onlyAfter !== undefined && onlyAfter !== storage.document.version)
        return { conflict: storage.document }
      storage.document = { json, version: storage.document.version + 1 }
      return { version: storage.document.version }
    },
  }
  return storage
}

/** Lets another run write as soon as this one has read. */
function changeAfterRead(storage: ReturnType<typeof memory>, json: string): void {
  const { read } = storage
  storage.read = async (hookId) => {
    const document = await read(hookId)
    storage.document = { json, version: document.version + 1 }
    return document
  }
}

interface Run {
  storage?: HookStorage
  timeoutMs?: number
}

/** Runs `body` with `storage` and `cb` in scope. */
async function run(body: string, { storage, ...options }: Run = {}) {
  const script = `module.exports = (user, context, cb) => { const { storage } = context.webtask; ${body} }`
  const { outcome } = await executors.run(
    { ...taskOf(script, options), ...(storage && { storage }) },
    noAbort,
  )
  return outcome
}

const TELL_ERROR = "(error) => cb(null, error ? { code: error.code, conflict: error.conflict } : 'none')"

describe("a hook's storage", () => {
  test("gives what is stored, and nothing when there is nothing", async () => {
    const body = "storage.get((error, data) => cb(error, [typeof data, data ?? 0]))"
    expect(await run(body, { storage: memory() })).toMatchObject({ value: ["undefined", 0] })
    expect(await run(body, { storage: memory('{"a":1}') })).toMatchObject({ value: ["object", { a: 1 }] })
  })

  test("keeps what a hook sets after it has read", async () => {
    const storage = memory('{"n":1}')
    const outcome = await run(
      "storage.get((_, data) => storage.set({ n: data.n + 1 }, (error) => storage.set({ n: data.n + 2 }, cb)))",
      { storage },
    )
    expect(outcome.status).toBe("returned")
    expect(storage.document).toEqual({ json: '{"n":3}', version: 9 })
  })

  test("removes the document with nothing as data, without a callback", async () => {
    const storage = memory("1")
    await run("storage.set(null); storage.get((error, data) => cb(error, { data }))", { storage })
    expect(storage.document).toEqual({ json: undefined, version: 8 })
  })

  test("refuses what another run has changed since, and tells what it is now", async () => {
    const storage = memory('"mine"')
    changeAfterRead(storage, '"theirs"')
    const outcome = await run(`storage.get(() => storage.set("mine", ${TELL_ERROR}))`, { storage })
    expect(outcome).toMatchObject({ value: { code: 409, conflict: "theirs" } })
    expect(storage.document.json).toBe('"theirs"')
  })

  test("lets a hook set again after a conflict, which told it the newest state", async () => {
    const storage = memory("1")
    changeAfterRead(storage, "5")
    const body = "storage.get((_, n) => storage.set(n + 1, (error) => storage.set(error.conflict + 1, cb)))"
    expect((await run(body, { storage })).status).toBe("returned")
    expect(storage.document.json).toBe("6")
  })

  test.each(["1", "true"])("lets a hook insist with force: %s", async (force) => {
    const storage = memory('"theirs"')
    const outcome = await run(`storage.set("mine", { force: ${force} }, ${TELL_ERROR})`, { storage })
    expect(outcome).toMatchObject({ value: "none" })
    expect(storage.document.json).toBe('"mine"')
  })

  test.each([
    ["set without get before", "storage.set(1, () => {})", /needs a storage\.get before it/],
    ["get without a callback", "storage.get()", /needs a function to call back/],
    ["a callback that is none", "storage.set(1, {}, 1)", /callback is not a function/],
    ["options that are none", "storage.get(1, () => {})", /options are not an object/],
    ["data that JSON does not know", "storage.set(() => {}, { force: 1 })", /data that can be JSON/],
  ])("throws at once for %s", async (_, body, message) => {
    const outcome = await run(body, { storage: memory() })
    expect(outcome).toMatchObject({ status: "threw", error: { message: expect.stringMatching(message) } })
  })

  test.each([
    ["more than fits", "storage.set('x'.repeat(512000), { force: 1 }, (e) => cb(null, e.code))", 413],
    [
      "more in bytes than in characters",
      "storage.set('ü'.repeat(300000), { force: 1 }, (e) => cb(null, e.code))",
      413,
    ],
  ])("refuses %s", async (_, body, code) => {
    expect(await run(body, { storage: memory() })).toMatchObject({ value: code })
  })

  test("refuses a run that uses it too often, or too much at once", async () => {
    const often = `let n = 0; const again = (e) => (e ? cb(null, [n, e.code]) : (n += 1, storage.get(again))); storage.get(again)`
    expect(await run(often, { storage: memory() })).toMatchObject({ value: [100, 429] })
    const hanging: HookStorage = { read: () => new Promise(() => {}), write: memory().write }
    const atOnce = `const codes = []; for (let n = 0; n < 6; n++) storage.get((e) => codes.push(e.code) === 2 && cb(null, codes))`
    expect(await run(atOnce, { storage: hanging })).toMatchObject({ value: [429, 429] })
  })

  test("says so when it cannot be reached, or is not there", async () => {
    const broken: HookStorage = { read: () => Promise.reject(new Error("away")), write: memory().write }
    const body = "storage.get((error) => cb(null, [error.code, error.message]))"
    expect(await run(body, { storage: broken })).toMatchObject({
      value: [503, "The storage cannot be reached"],
    })
    expect(await run(body)).toMatchObject({ value: [503, "There is no storage here"] })
  })

  test("does not stop the clock", async () => {
    const hanging: HookStorage = { read: () => new Promise(() => {}), write: memory().write }
    const outcome = await run("storage.get(cb)", { storage: hanging, timeoutMs: 200 })
    expect(outcome).toEqual({ status: "timed_out", afterMs: 200 })
  })

  test("of a run that is over takes nothing more", async () => {
    const sent: unknown[] = []
    const line = openStorageLine((request) => sent.push(request))
    line.close()
    const { promise, resolve } = Promise.withResolvers<StorageAnswer>()
    line.ask({ op: "set", json: '"late"', isForced: true }, resolve)
    expect(await promise).toMatchObject({ status: "refused", code: 410 })
    expect(sent).toEqual([])
  })

  test("does not go along with a context that is called back", async () => {
    const outcome = await run("cb(null, Object.keys(context.webtask))", { storage: memory() })
    expect(outcome).toMatchObject({ value: expect.not.arrayContaining(["storage"]) })
  })

  test("may be used through promises", async () => {
    const script = `const { promisify } = require("util")
      module.exports = async (user, { webtask: { storage } }) => {
        await promisify(storage.set)({ n: 1 }, { force: 1 })
        return promisify(storage.get)()
      }`
    const { outcome } = await executors.run({ ...taskOf(script), storage: memory() }, noAbort)
    expect(outcome).toEqual({ status: "returned", value: { n: 1 } })
  })
})
