import { createHash, createHmac, generateKeyPairSync, verify } from "node:crypto"
import { beforeAll, expect, test } from "vitest"
import { type FakeServer, startFakeServer } from "./fake-server.ts"
import { type LibraryHook, openHook } from "./open-hook.ts"

const DEPENDENCIES = {
  bcryptjs: "2.4.3",
  "crypto-js": "4.2.0",
  jose: "6.2.17",
  jsonwebtoken: "9.0.3",
  "jwks-rsa": "4.1.0",
  uuid: "14.0.3",
}

const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
const PRIVATE_KEY = privateKey.export({ type: "pkcs8", format: "pem" }).toString()
const JWKS = { keys: [{ ...publicKey.export({ format: "jwk" }), kid: "one", alg: "RS256", use: "sig" }] }

let server: FakeServer
let hook: LibraryHook

beforeAll(async () => {
  server = await startFakeServer(() => ({ body: JWKS }))
  hook = await openHook({ dependencies: DEPENDENCIES, ports: [server.port] })
  return async () => {
    await hook.close()
    await server.close()
  }
})

function run(body: string): Promise<unknown> {
  return hook.run(body, { URL: server.url, PRIVATE_KEY })
}

/** The claims of a token that somebody outside of the hook finds to be signed with the key. */
function claimsOf(token: unknown): unknown {
  const [head = "", payload = "", signature = ""] = String(token).split(".")
  const isSigned = verify(
    "sha256",
    Buffer.from(`${head}.${payload}`),
    publicKey,
    Buffer.from(signature, "base64url"),
  )
  return isSigned && JSON.parse(Buffer.from(payload, "base64url").toString())
}

test("jsonwebtoken signs with RSA, and verifies with the key that jwks-rsa gets from a server", async () => {
  const [token, verified, refused] = Object(
    await run(`
      const jwt = require("jsonwebtoken"), jwksClient = require("jwks-rsa")
      const client = jwksClient({ jwksUri: secrets.URL + "/jwks", cache: true, rateLimit: true })
      const token = jwt.sign({ sub: "auth0|1" }, secrets.PRIVATE_KEY, { algorithm: "RS256", keyid: "one", noTimestamp: true })
      const key = (header, done) => client.getSigningKey(header.kid, (error, key) => done(error, key && key.getPublicKey()))
      const check = (token) => new Promise((resolve) => jwt.verify(token, key, (error, claims) => resolve(error ? error.message : claims)))
      return [token, await check(token), await check(token.slice(0, -4) + "AAAA")]`),
  )
  expect(claimsOf(token)).toEqual({ sub: "auth0|1" })
  expect([verified, refused]).toEqual([{ sub: "auth0|1" }, "invalid signature"])
})

test("jose signs, verifies with the keys of a server, and encrypts", async () => {
  const [token, verified, decrypted] = Object(
    await run(`
      const jose = require("jose")
      const key = await jose.importPKCS8(secrets.PRIVATE_KEY, "RS256")
      const token = await new jose.SignJWT({ sub: "auth0|1" }).setProtectedHeader({ alg: "RS256", kid: "one" }).setExpirationTime("2h").sign(key)
      const { payload } = await jose.jwtVerify(token, jose.createRemoteJWKSet(new URL(secrets.URL + "/jwks")))
      const secret = new Uint8Array(32)
      const sealed = await new jose.EncryptJWT({ a: 1 }).setProtectedHeader({ alg: "dir", enc: "A256GCM" }).encrypt(secret)
      return [token, payload.sub, (await jose.jwtDecrypt(sealed, secret)).payload]`),
  )
  expect(claimsOf(token)).toMatchObject({ sub: "auth0|1", exp: expect.any(Number) })
  expect([verified, decrypted]).toEqual(["auth0|1", { a: 1 }])
})

test("bcryptjs hashes and compares, waiting or not", async () => {
  const result = await run(`
    const bcrypt = require("bcryptjs")
    const hash = await bcrypt.hash("secret", 4)
    return [hash.slice(0, 7), await bcrypt.compare("secret", hash), bcrypt.compareSync("other", hash)]`)
  expect(result).toEqual(["$2a$04$", true, false])
})

test("crypto-js makes the same digests, and gets back what it encrypted", async () => {
  const result = await run(`
    const CryptoJS = require("crypto-js")
    const sealed = CryptoJS.AES.encrypt("text", "key").toString()
    return [CryptoJS.SHA256("a").toString(), CryptoJS.HmacSHA1("a", "k").toString(), CryptoJS.AES.decrypt(sealed, "key").toString(CryptoJS.enc.Utf8)]`)
  const hmac = createHmac("sha1", "k").update("a").digest("hex")
  expect(result).toEqual([createHash("sha256").update("a").digest("hex"), hmac, "text"])
})

test("uuid makes ids of time, of chance and of names", async () => {
  const result = await run(`
    const { v4, v5, v7, validate } = require("uuid")
    return [v5("hooks.example.com", v5.DNS), validate(v4()), v7() < v7()]`)
  expect(result).toEqual(["10c913db-23bc-5154-aa95-6f76b9574f2e", true, true])
})
