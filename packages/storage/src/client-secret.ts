import { createHash, randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"
import type { KeyRing } from "@hooklane/core/keyring"

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

const SALT_BYTES = 16
const HASH_BYTES = 32

/** 256 bits in base64url: whoever reads the hash of such a secret has nothing to guess it by. */
const RANDOM_SECRET = /^[A-Za-z0-9_-]{43}$/

export interface ClientSecret {
  clientId: string
  secret: string
}

/** A new secret of 43 characters, 256 bits. */
export function newSecret(): string {
  return randomBytes(HASH_BYTES).toString("base64url")
}

/**
 * What is stored to know the secret by: `sha256.salt.hash` of a random one; of a chosen one, which might be guessed,
 * the same sealed with the master key: `sealed.…`. Both are checked in microseconds, so that nobody has to be kept
 * from trying and a right secret never has to wait.
 */
export function hashSecret(keyRing: KeyRing, { clientId, secret }: ClientSecret): string {
  const salt = randomBytes(SALT_BYTES)
  const hash = `${salt.toString("base64url")}.${digest(salt, secret).toString("base64url")}`
  return RANDOM_SECRET.test(secret) ? `sha256.${hash}` : `sealed.${keyRing.seal(hash, placeOf(clientId))}`
}

/** Whether the hash is of the kind that was stored before: some 80 ms to check. It is to be replaced when it was. */
export function isSlowHash(storedHash: string): boolean {
  return storedHash.startsWith("scrypt.")
}

/**
 * Whether the secret is the one that was hashed; takes the same time for right and wrong.
 * @throws AppError internal_error when it is sealed with a key that is not in the key ring
 */
export async function isSecretOf(
  keyRing: KeyRing,
  storedHash: string,
  { clientId, secret }: ClientSecret,
): Promise<boolean> {
  if (isSlowHash(storedHash)) return isSlowSecretOf(storedHash, secret)
  const dot = storedHash.indexOf(".")
  const stored = storedHash.slice(dot + 1)
  const hash = storedHash.slice(0, dot) === "sealed" ? keyRing.open(stored, placeOf(clientId)) : stored
  const [salt = "", expected = ""] = hash.split(".")
  return timingSafeEqual(digest(Buffer.from(salt, "base64url"), secret), Buffer.from(expected, "base64url"))
}

async function isSlowSecretOf(storedHash: string, secret: string): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = storedHash.split(".")
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  // Node refuses what needs more than 32 MiB unless told so.
  const options = { ...cost, maxmem: 2 * 128 * cost.N * cost.r }
  const actual = await derive(secret, Buffer.from(salt, "base64url"), HASH_BYTES, options)
  return timingSafeEqual(actual, Buffer.from(hash, "base64url"))
}

function digest(salt: Buffer, secret: string): Buffer {
  return createHash("sha256").update(salt).update(secret).digest()
}

/** Binds a sealed hash to its client. */
function placeOf(clientId: string): string {
  return `client-secret:${clientId}`
}
