import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from "node:crypto"
import { promisify } from "node:util"

const derive = promisify<string, Buffer, number, ScryptOptions, Buffer>(scrypt)

/** 32 MiB and some 80 ms on a small machine; secrets are long and random, so more would buy nothing. */
const COST = { N: 32_768, r: 8, p: 1 }
const SALT_BYTES = 16
const HASH_BYTES = 32

/** Hash of a client's secret with all that checking it takes: `scrypt.N.r.p.salt.hash`. Slow by design. */
export async function hashSecret(secret: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES)
  const hash = await derive(secret, salt, HASH_BYTES, withMemory(COST))
  return ["scrypt", COST.N, COST.r, COST.p, salt.toString("base64url"), hash.toString("base64url")].join(".")
}

/** Whether the secret is the one that was hashed; takes the same time for right and wrong. Slow by design. */
export async function isSecretOf(storedHash: string, secret: string): Promise<boolean> {
  const [, N, r, p, salt = "", hash = ""] = storedHash.split(".")
  const cost = { N: Number(N), r: Number(r), p: Number(p) }
  const actual = await derive(secret, Buffer.from(salt, "base64url"), HASH_BYTES, withMemory(cost))
  return timingSafeEqual(actual, Buffer.from(hash, "base64url"))
}

/** Node refuses what needs more than 32 MiB unless told so. */
function withMemory(cost: typeof COST): ScryptOptions {
  return { ...cost, maxmem: 2 * 128 * cost.N * cost.r }
}
