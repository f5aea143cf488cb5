import { createPrivateKey, createPublicKey, sign, verify } from "node:crypto"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { afterEach, expect, test, vi } from "vitest"
import { currentSigningKey, listPublicKeys, rotateSigningKey } from "../src/index.ts"
import { onEachDatabase } from "./databases.ts"

afterEach(() => {
  vi.useRealTimers()
})

onEachDatabase((newStorage) => {
  test("what the current key signs, its public key verifies", async () => {
    const storage = await newStorage()
    const { kid, privateJwk } = await currentSigningKey(storage)
    const [publicJwk, ...others] = await listPublicKeys(storage)
    expect(others).toEqual([])
    expect(publicJwk).toEqual({
      kty: "RSA",
      n: expect.any(String),
      e: "AQAB",
      kid,
      alg: "RS256",
      use: "sig",
    })
    const message = Buffer.from("a token")
    const signature = sign("sha256", message, createPrivateKey({ key: privateJwk, format: "jwk" }))
    const publicKey = createPublicKey({ key: publicJwk ?? {}, format: "jwk" })
    expect(publicKey.asymmetricKeyDetails).toMatchObject({ modulusLength: 2048 })
    expect(verify("sha256", message, publicKey, signature)).toBe(true)
  })

  test("the key is made once, however many ask at the same time", async () => {
    const storage = await newStorage()
    const keys = await Promise.all([1, 2, 3].map(() => currentSigningKey(storage)))
    expect(new Set(keys.map((key) => key.kid)).size).toBe(1)
    expect(await listPublicKeys(storage)).toHaveLength(1)
  })

  test("the private key is sealed: another master key cannot open it", async () => {
    const storage = await newStorage()
    const { privateJwk } = await currentSigningKey(storage)
    const rows = await storage.db.select().from(storage.tables.signingKeys)
    expect(JSON.stringify(rows)).not.toContain(privateJwk.d)
    const stranger = { ...storage, keyRing: createKeyRing(generateMasterKey()) }
    await expect(currentSigningKey(stranger)).rejects.toMatchObject({ code: "internal_error" })
  })

  test("after a rotation the new key signs and the old one still verifies, for 30 days", async () => {
    const storage = await newStorage()
    vi.useFakeTimers({ toFake: ["Date"] })
    vi.setSystemTime("2026-01-01")
    const { kid: first } = await currentSigningKey(storage)
    vi.setSystemTime("2026-02-01")
    const { kid: second } = await rotateSigningKey(storage)
    expect((await currentSigningKey(storage)).kid).toBe(second)
    const kids = async () => (await listPublicKeys(storage)).map((key) => key.kid)
    expect(await kids()).toEqual([second, first])

    vi.setSystemTime("2026-03-02")
    const { kid: third } = await rotateSigningKey(storage)
    expect(await kids()).toEqual([third, second, first])
    vi.setSystemTime("2026-03-04")
    const { kid: fourth } = await rotateSigningKey(storage)
    expect(await kids()).toEqual([fourth, third, second])
  })
})
