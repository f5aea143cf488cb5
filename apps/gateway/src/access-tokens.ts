import { AppError, type Config } from "@hooklane/core"
import { currentSigningKey, listPublicKeys, type Storage } from "@hooklane/storage"
import { createLocalJWKSet, errors, importJWK, type JWTPayload, jwtVerify, SignJWT } from "jose"
import { z } from "zod"
import { createBoundedMap } from "./bounded-map.ts"
import { createLastKnown } from "./last-known.ts"
import type { Caller } from "./router.ts"

/** A rotated key is noticed within this time. */
const KEY_TTL_MS = 60_000
/** A token of an unknown key has the keys read again, but no more often than this. */
const UNKNOWN_KEY_TTL_MS = 1_000
/** Checking a signature costs some 50 µs, so tokens that were checked are kept: a client has one or a few. */
const MAX_KNOWN_TOKENS = 1_000

/** `https://<domain>/api/v2/` of any domain, port and path prefix: SDKs build it from what they were told. */
export const API_AUDIENCE = /^https?:\/\/[^\s/]+(\/[^\s]*)?\/api\/v2\/?$/

const claimsSchema = z.object({
  sub: z.string().endsWith("@clients"),
  aud: z.union([z.string(), z.array(z.string())]).transform((audience) => [audience].flat()),
  exp: z.number(),
  scope: z.string().default(""),
})

export interface AccessTokenDeps {
  config: Pick<Config, "tokenTtlSeconds">
  storage: Storage
  now: () => number
}

export interface TokenGrant {
  clientId: string
  scopes: readonly string[]
  issuer: string
  audience: string
}

/** Makes and checks the access tokens of management clients: RS256, with keys of the database. */
export function createAccessTokens({ config, storage, now }: AccessTokenDeps) {
  const known = createBoundedMap<string, { caller: Caller; expiresAt: number }>(MAX_KNOWN_TOKENS)
  const signingKey = createLastKnown({ load: () => loadSigningKey(storage), now })
  const publicKeys = createLastKnown({ load: () => loadPublicKeys(storage), now })

  async function issue({ clientId, scopes, issuer, audience }: TokenGrant): Promise<string> {
    const { kid, key } = await signingKey.get(KEY_TTL_MS)
    const issuedAt = Math.floor(now() / 1000)
    return new SignJWT({ scope: scopes.join(" "), gty: "client-credentials", azp: clientId })
      .setProtectedHeader({ alg: "RS256", typ: "JWT", kid })
      .setIssuer(issuer)
      .setSubject(`${clientId}@clients`)
      .setAudience(audience)
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + config.tokenTtlSeconds)
      .sign(key)
  }

  /** @throws AppError invalid_token when it is expired, of another audience, or not ours */
  async function verify(token: string): Promise<Caller> {
    const verified = known.get(token)
    if (verified && verified.expiresAt > now()) return verified.caller
    const claims = claimsSchema.safeParse(await checkedPayload(token))
    if (!claims.success || !claims.data.aud.some((audience) => API_AUDIENCE.test(audience)))
      throw new AppError("invalid_token", "Invalid token")
    const { sub, scope, exp } = claims.data
    const caller = { clientId: sub.slice(0, -"@clients".length), scopes: new Set(scope.split(" ")) }
    known.set(token, { caller, expiresAt: exp * 1000 })
    return caller
  }

  async function checkedPayload(token: string): Promise<JWTPayload> {
    try {
      return await payloadOf(token, KEY_TTL_MS).catch((error) => {
        if (error instanceof errors.JWKSNoMatchingKey) return payloadOf(token, UNKNOWN_KEY_TTL_MS)
        throw error
      })
    } catch (cause) {
      if (cause instanceof errors.JOSEError) throw new AppError("invalid_token", messageOf(cause), { cause })
      throw cause
    }
  }

  async function payloadOf(token: string, maxKeyAgeMs: number): Promise<JWTPayload> {
    const { keySet } = await publicKeys.get(maxKeyAgeMs)
    const { payload } = await jwtVerify(token, keySet, {
      algorithms: ["RS256"],
      currentDate: new Date(now()),
    })
    return payload
  }

  return { issue, verify, publicJwks: async () => (await publicKeys.get(KEY_TTL_MS)).jwks }
}

export type AccessTokens = ReturnType<typeof createAccessTokens>

function messageOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return "Expired token received for JSON Web Token validation"
  if (error instanceof errors.JWSSignatureVerificationFailed)
    return "Invalid signature received for JSON Web Token validation"
  return "Invalid token"
}

async function loadSigningKey(storage: Storage) {
  const { kid, privateJwk } = await currentSigningKey(storage)
  return { kid, key: await importJWK({ kty: "RSA", ...privateJwk }, "RS256") }
}

async function loadPublicKeys(storage: Storage) {
  // Makes the first key: who reads the key set before the first token is issued keeps it for a minute.
  await currentSigningKey(storage)
  const jwks = { keys: (await listPublicKeys(storage)).map((key) => ({ kty: "RSA", ...key })) }
  return { jwks, keySet: createLocalJWKSet(jwks) }
}
