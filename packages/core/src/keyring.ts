import { createCipheriv, createDecipheriv, createHash, randomBytes, randomFillSync } from "node:crypto"
import { AppError } from "./errors.ts"

/**
 * Encrypts and opens what must not be readable at rest or in Redis (AES-256-GCM). The first key seals, every
 * key opens, so a key is rotated by putting a new one in front. `context` names the place of the value: what
 * was sealed for one place cannot be opened at another.
 */
export interface KeyRing {
  /** Id of the key that seals now. */
  readonly keyId: string
  /** Ids of all keys, the sealing one first. */
  readonly keyIds: readonly string[]
  /** Whether the key is there that `sealed` was sealed with. */
  has(sealed: string): boolean
  seal(plaintext: string, context: string): string
  /** @throws AppError internal_error when the key is missing, the place is wrong or the value was changed */
  open(sealed: string, context: string): string
}

const IV_BYTES = 12
const TAG_BYTES = 16

/** @param masterKeys 32-byte keys in base64, the sealing key first, separated by commas */
export function createKeyRing(masterKeys: string): KeyRing {
  const keys = masterKeys.split(",").map(parseKey)
  const [primary] = keys
  if (!primary) throw new AppError("invalid_setting", "HOOKLANE_MASTER_KEY is empty")
  const byId = new Map(keys.map((key) => [key.id, key.bytes]))
  return {
    keyId: primary.id,
    keyIds: keys.map(({ id }) => id),
    has: (sealed) => byId.has(sealed.slice(0, Math.max(0, sealed.indexOf(".")))),
    seal: (plaintext, context) => `${primary.id}.${encrypt(primary.bytes, plaintext, context)}`,
    open: (sealed, context) => {
      const dot = sealed.indexOf(".")
      const key = byId.get(sealed.slice(0, dot))
      if (!key)
        throw new AppError("internal_error", "A sealed value was made with a key that is not in the key ring")
      return decrypt(key, sealed.slice(dot + 1), context)
    },
  }
}

/** Whether the text is one key as `generateMasterKey` makes them. */
export function isMasterKey(text: string): boolean {
  return /^[A-Za-z0-9+/]{43}=$/.test(text.trim())
}

/** A new 32-byte key in base64, as HOOKLANE_MASTER_KEY wants it. */
export function generateMasterKey(): string {
  return randomBytes(32).toString("base64")
}

function parseKey(text: string): { id: string; bytes: Buffer } {
  const bytes = Buffer.from(text.trim(), "base64")
  if (bytes.length !== 32) {
    throw new AppError(
      "invalid_setting",
      `HOOKLANE_MASTER_KEY must hold 32 bytes in base64, not ${bytes.length}`,
    )
  }
  return { id: createHash("sha256").update(bytes).digest("hex").slice(0, 8), bytes }
}

/** Drawn many at a time: asking the system takes as long for one as for all. */
const nonces = Buffer.alloc(IV_BYTES * 256)
let noncesUsed = nonces.length

function nextNonce(): Buffer {
  if (noncesUsed === nonces.length) {
    randomFillSync(nonces)
    noncesUsed = 0
  }
  noncesUsed += IV_BYTES
  return nonces.subarray(noncesUsed - IV_BYTES, noncesUsed)
}

function encrypt(key: Buffer, plaintext: string, context: string): string {
  const iv = nextNonce()
  const cipher = createCipheriv("aes-256-gcm", key, iv).setAAD(Buffer.from(context))
  return Buffer.concat([iv, cipher.update(plaintext, "utf8"), cipher.final(), cipher.getAuthTag()]).toString(
    "base64",
  )
}

function decrypt(key: Buffer, sealed: string, context: string): string {
  const bytes = Buffer.from(sealed, "base64")
  const body = bytes.subarray(IV_BYTES, -TAG_BYTES)
  try {
    const decipher = createDecipheriv("aes-256-gcm", key, bytes.subarray(0, IV_BYTES), {
      authTagLength: TAG_BYTES,
    })
    decipher.setAAD(Buffer.from(context)).setAuthTag(bytes.subarray(-TAG_BYTES))
    return decipher.update(body, undefined, "utf8") + decipher.final("utf8")
  } catch (cause) {
    throw new AppError("internal_error", "A sealed value could not be opened: it was changed or moved", {
      cause,
    })
  }
}
