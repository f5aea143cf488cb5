import { eq } from "drizzle-orm"
import { expect, test } from "vitest"
import {
  createClient,
  ensureClient,
  findClient,
  listClients,
  revokeClient,
  rotateClientSecret,
  type SlowCheck,
  verifyClient,
} from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

/** As it was stored before hashes were fast, for this secret. */
const OLD_SECRET = "an old secret of 26 letters"
const OLD_HASH = "scrypt.32768.8.1.BwcHBwcHBwcHBwcHBwcHBw.4Qp_eniUhNO82-vaLWGucJz6jFGvBJEp580CXTlCtU8"

const first = { id: "hooklane-admin", name: "First client", scopes: ["read:hooks"], secret: "a".repeat(40) }

onEachDatabase((newStorage) => {
  test("a client is known by its id and secret, and by nothing else", async () => {
    const storage = await newStorage()
    const { client, secret } = await createClient(storage, {
      name: "CI",
      scopes: ["read:hooks", "update:hooks"],
    })
    expect(client).toEqual({
      id: expect.stringMatching(/^[A-Za-z0-9_-]{8,64}$/),
      name: "CI",
      scopes: ["read:hooks", "update:hooks"],
      createdAt: expect.any(Date),
    })
    expect(secret).toMatch(/^[\w-]{43}$/)
    expect(await verifyClient(storage, { id: client.id, secret: secret })).toEqual(client)
    expect(await verifyClient(storage, { id: client.id, secret: `${secret}x` })).toBeUndefined()
    expect(await verifyClient(storage, { id: client.id, secret: "" })).toBeUndefined()
    expect(await verifyClient(storage, { id: "nobody", secret: secret })).toBeUndefined()
    expect(await findClient(storage, client.id)).toEqual(client)
    expect(await findClient(storage, "nobody")).toBeUndefined()
  })

  test("a secret is not in the database, and one secret has two hashes in two clients", async () => {
    const storage = await newStorage()
    await ensureClient(storage, first)
    await ensureClient(storage, { ...first, id: "hooklane-other" })
    const rows = await storage.db.select().from(storage.tables.clients)
    expect(JSON.stringify(rows)).not.toContain(first.secret)
    expect(new Set(rows.map((row) => row.secretHash)).size).toBe(2)
  })

  test("a secret that somebody chose cannot be guessed from the database alone, a random one by nobody", async () => {
    const storage = await newStorage()
    await ensureClient(storage, first)
    const { client } = await createClient(storage, { name: "CI", scopes: [] })
    const rows = await storage.db.select().from(storage.tables.clients)
    const hashOf = (id: string) => rows.find((row) => row.id === id)?.secretHash
    expect(hashOf(first.id)).toMatch(/^sealed\./)
    expect(hashOf(client.id)).toMatch(/^sha256\./)
  })

  test("a hash of before is checked in its turn, and replaced by one that takes none", async () => {
    const storage = await newStorage()
    const { clients } = storage.tables
    await ensureClient(storage, first)
    const old = { secretHash: OLD_HASH, configuredSecretHash: OLD_HASH }
    await storage.db.update(clients).set(old).where(eq(clients.id, first.id))
    let turns = 0
    const slowly: SlowCheck = (check) => {
      turns += 1
      return check()
    }
    const login = (secret: string) => verifyClient(storage, { id: first.id, secret }, slowly)
    expect(await login("wrong")).toBeUndefined()
    expect(await login(OLD_SECRET)).toMatchObject({ id: first.id })
    expect(turns).toBe(2)
    expect(await login(OLD_SECRET)).toMatchObject({ id: first.id })
    expect(await login("wrong")).toBeUndefined()
    expect(turns).toBe(2)
    await ensureClient(storage, { ...first, secret: OLD_SECRET })
    expect(await login(OLD_SECRET)).toMatchObject({ id: first.id })
  })

  test("a rotated secret replaces the old one at once", async () => {
    const storage = await newStorage()
    const { client, secret: old } = await createClient(storage, { name: "CI", scopes: [] })
    const { secret } = await rotateClientSecret(storage, client.id)
    expect(await verifyClient(storage, { id: client.id, secret: old })).toBeUndefined()
    expect(await verifyClient(storage, { id: client.id, secret: secret })).toEqual(client)
  })

  test("a revoked client is gone for every purpose", async () => {
    const storage = await newStorage()
    const { client, secret } = await createClient(storage, { name: "CI", scopes: [] })
    const { client: other } = await createClient(storage, { name: "other", scopes: [] })
    await revokeClient(storage, client.id)
    expect(await findClient(storage, client.id)).toBeUndefined()
    expect(await verifyClient(storage, { id: client.id, secret: secret })).toBeUndefined()
    expect(await listClients(storage)).toEqual([other])
    await expect(rotateClientSecret(storage, client.id)).rejects.toMatchObject({ code: "client_not_found" })
    await expect(revokeClient(storage, client.id)).rejects.toMatchObject({ code: "client_not_found" })
  })

  test("the client of the settings is made once and follows them", async () => {
    const storage = await newStorage()
    await ensureClient(storage, first)
    await ensureClient(storage, { ...first, scopes: ["read:hooks", "delete:hooks"] })
    expect(await listClients(storage)).toMatchObject([
      { id: first.id, scopes: ["read:hooks", "delete:hooks"] },
    ])

    const changed = "b".repeat(40)
    await ensureClient(storage, { ...first, secret: changed })
    expect(await verifyClient(storage, { id: first.id, secret: first.secret })).toBeUndefined()
    expect(await verifyClient(storage, { id: first.id, secret: changed })).toMatchObject({ id: first.id })
  })

  test("settings that did not change bring back neither a rotated secret nor a revoked client", async () => {
    const storage = await newStorage()
    await ensureClient(storage, first)
    const { secret } = await rotateClientSecret(storage, first.id)
    await ensureClient(storage, first)
    expect(await verifyClient(storage, { id: first.id, secret: first.secret })).toBeUndefined()
    expect(await verifyClient(storage, { id: first.id, secret: secret })).toMatchObject({ id: first.id })

    await revokeClient(storage, first.id)
    await ensureClient(storage, { ...first, secret: "c".repeat(40) })
    expect(await findClient(storage, first.id)).toBeUndefined()
  })
})
