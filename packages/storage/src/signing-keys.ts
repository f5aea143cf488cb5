import { createHash, generateKeyPair, type webcrypto } from "node:crypto"
import { promisify } from "node:util"
import type { KeyRing } from "@hooklane/core/keyring"
import { and, desc, eq, isNull, lt } from "drizzle-orm"
import { atomically } from "./atomic.ts"
import type { Storage } from "./open.ts"
import type { PublicJwk, signingKeys } from "./schema.sqlite.ts"

/** A key that signs access tokens; callers of the contract expect RS256. */
export interface SigningKey {
  kid: string
  privateJwk: webcrypto.JsonWebKey
}

const ALGORITHM = "RS256"
const MODULUS_BITS = 2048

/** How long a retired key still verifies: well beyond the life of any token. */
const RETIRED_KEY_DAYS = 30

const newKeyPair = promisify(generateKeyPair)

/** The key that signs now, made when there is none. Gateways that start together agree on one. */
export async function currentSigningKey(storage: Storage): Promise<SigningKey> {
  const known = await findCurrentKey(storage)
  if (known) return known
  const { db, tables } = storage
  // The unique index lets one of several in; all of them then read that one.
  await db
    .insert(tables.signingKeys)
    .values(await newKey(storage.keyRing))
    .onConflictDoNothing()
  return currentSigningKey(storage)
}

/** The public keys that may have signed a token which is still valid, the newest first; fit for a JWKS. */
export async function listPublicKeys({ db, tables: { signingKeys } }: Storage): Promise<PublicJwk[]> {
  const keys = await db
    .select({ publicJwk: signingKeys.publicJwk })
    .from(signingKeys)
    .orderBy(desc(signingKeys.createdAt), desc(signingKeys.kid))
  return keys.map((key) => key.publicJwk)
}

/** Makes a new key the one that signs; the old one goes on verifying for 30 days. */
export async function rotateSigningKey(storage: Storage): Promise<SigningKey> {
  const { db, tables } = storage
  const { signingKeys } = tables
  const next = await newKey(storage.keyRing)
  const now = new Date()
  const expiredBefore = new Date(now.getTime() - RETIRED_KEY_DAYS * 86_400_000)
  const writes = [
    db.delete(signingKeys).where(lt(signingKeys.retiredAt, expiredBefore)),
    db
      .update(signingKeys)
      .set({ retiredAt: now })
      .where(and(eq(signingKeys.algorithm, ALGORITHM), isNull(signingKeys.retiredAt))),
    db.insert(signingKeys).values(next),
  ]
  await atomically(storage, writes, { turn: "signing_keys" })
  return currentSigningKey(storage)
}

async function findCurrentKey({
  db,
  tables: { signingKeys },
  keyRing,
}: Storage): Promise<SigningKey | undefined> {
  const [key] = await db
    .select()
    .from(signingKeys)
    .where(and(eq(signingKeys.algorithm, ALGORITHM), isNull(signingKeys.retiredAt)))
  if (!key) return undefined
  return { kid: key.kid, privateJwk: JSON.parse(keyRing.open(key.sealedPrivateJwk, keyContext(key.kid))) }
}

async function newKey(keyRing: KeyRing): Promise<typeof signingKeys.$inferInsert> {
  const { publicKey, privateKey } = await newKeyPair("rsa", { modulusLength: MODULUS_BITS })
  const jwk = publicKey.export({ format: "jwk" })
  const kid = thumbprint(jwk)
  return {
    kid,
    algorithm: ALGORITHM,
    publicJwk: { ...jwk, kid, alg: ALGORITHM, use: "sig" },
    sealedPrivateJwk: keyRing.seal(JSON.stringify(privateKey.export({ format: "jwk" })), keyContext(kid)),
    createdAt: new Date(),
  }
}

/** RFC 7638: the key's id follows from the key. */
function thumbprint({ e, kty, n }: webcrypto.JsonWebKey): string {
  return createHash("sha256").update(JSON.stringify({ e, kty, n })).digest("base64url")
}

/** Binds a sealed private key to its id. */
function keyContext(kid: string): string {
  return `signing-key:${kid}`
}
