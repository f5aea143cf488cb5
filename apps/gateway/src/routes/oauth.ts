import { AppError, type Config, ERROR_STATUS, type ErrorCode } from "@hooklane/core"
import type { Context } from "hono"
import { z } from "zod"
import { type AccessTokens, API_AUDIENCE } from "../access-tokens.ts"
import { limitBody } from "../body-limit.ts"
import type { FindOrigin } from "../caller-origin.ts"
import type { ClientRegistry } from "../client-registry.ts"
import { messageFor, toAppError } from "../problem.ts"
import { readBody } from "../read-body.ts"
import { createRouter, type GatewayEnv } from "../router.ts"

export interface OAuthDeps {
  config: Pick<Config, "publicUrl" | "tokenTtlSeconds">
  accessTokens: Pick<AccessTokens, "issue" | "publicJwks">
  clients: Pick<ClientRegistry, "login">
  findOrigin: FindOrigin
}

/** What strangers send is read up to here; the longest parameters below, each character escaped, are 21 kB. */
const MAX_TOKEN_REQUEST_BYTES = 65_536

// Unknown parameters are let through: RFC 6749 (3.2) asks for it, and clients send their own.
const tokenRequestSchema = z.object({
  grant_type: z.string().max(256),
  client_id: z.string().max(256).optional(),
  client_secret: z.string().max(512).optional(),
  audience: z.string().max(2_048).optional(),
  scope: z.string().max(4_096).optional(),
})

/** OAuth's own names of what can go wrong with a token request. */
const OAUTH_ERRORS: Partial<Record<ErrorCode, string>> = {
  access_denied: "access_denied",
  service_not_found: "access_denied",
  unsupported_grant_type: "unsupported_grant_type",
  too_many_attempts: "too_many_attempts",
  invalid_body: "invalid_request",
  unsupported_media_type: "invalid_request",
}

/** `/oauth/token` (client credentials) and the keys that its tokens are checked with. */
export function oauthRoutes(deps: OAuthDeps) {
  const app = createRouter()

  app.post("/oauth/token", limitBody(MAX_TOKEN_REQUEST_BYTES), async (c) => {
    c.header("Cache-Control", "no-store")
    c.header("Pragma", "no-cache")
    try {
      return c.json(await grantToken(deps, c))
    } catch (error) {
      return answerOAuthError(c, error)
    }
  })

  app.get("/.well-known/jwks.json", async (c) => {
    c.header("Cache-Control", "public, max-age=60")
    return c.json(await deps.accessTokens.publicJwks())
  })

  return app
}

async function grantToken(deps: OAuthDeps, c: Context<GatewayEnv>) {
  const { config, accessTokens, clients, findOrigin } = deps
  const request = await readBody(c, tokenRequestSchema)
  if (request.grant_type !== "client_credentials")
    throw new AppError("unsupported_grant_type", `Unsupported grant type: ${request.grant_type}`)
  const { id, secret } = basicCredentials(c.req.header("authorization")) ?? {
    id: request.client_id,
    secret: request.client_secret,
  }
  if (!id || !secret) throw new AppError("access_denied", "Unauthorized")
  const client = await clients.login({ id, secret, address: findOrigin(c).address })
  const origin = addressOf(deps, c)
  const audience = request.audience || `${origin}/api/v2/`
  if (!API_AUDIENCE.test(audience)) throw new AppError("service_not_found", `Service not found: ${audience}`)
  const scopes = grantedScopes(client.scopes, request.scope)
  return {
    access_token: await accessTokens.issue({ clientId: id, scopes, issuer: `${origin}/`, audience }),
    scope: scopes.join(" "),
    expires_in: config.tokenTtlSeconds,
    token_type: "Bearer",
  }
}

/** The gateway's address as the caller has it, without a slash at its end. */
function addressOf({ config, findOrigin }: OAuthDeps, c: Context<GatewayEnv>): string {
  if (config.publicUrl !== undefined) return config.publicUrl.replace(/\/$/, "")
  const { protocol, host } = new URL(c.req.url)
  return `${findOrigin(c).protocol ?? protocol.slice(0, -1)}://${host}`
}

/** All that the client may do, or what it asks for of that. */
function grantedScopes(allowed: readonly string[], asked: string | undefined): string[] {
  const wanted = asked?.split(" ").filter((scope) => scope !== "") ?? []
  return allowed.filter((scope) => wanted.length === 0 || wanted.includes(scope))
}

/** Id and secret of HTTP Basic, each form-encoded within as RFC 6749 (2.3.1) has it. */
function basicCredentials(authorization = ""): { id: string; secret: string } | undefined {
  const [, encoded] = /^basic\s+([A-Za-z0-9+/=_-]+)$/i.exec(authorization) ?? []
  if (encoded === undefined) return undefined
  const [, id = "", secret = ""] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, "base64").toString()) ?? []
  return { id: formDecoded(id), secret: formDecoded(secret) }
}

function formDecoded(text: string): string {
  return new URLSearchParams(`value=${text.replaceAll("&", "%26")}`).get("value") ?? ""
}

function answerOAuthError(c: Context<GatewayEnv>, error: unknown): Response {
  const failure = toAppError(error)
  const { code, retryAfterSeconds } = failure
  const oauthError = OAUTH_ERRORS[code]
  if (oauthError === undefined) throw error
  if (code === "access_denied") c.header("WWW-Authenticate", 'Basic realm="Hooklane"')
  if (retryAfterSeconds !== undefined) c.header("Retry-After", String(Math.ceil(retryAfterSeconds)))
  return c.json({ error: oauthError, error_description: messageFor(failure) }, ERROR_STATUS[code])
}
