import { AppError } from "@hooklane/core"
import type { Context, MiddlewareHandler } from "hono"
import type { AccessTokens } from "./access-tokens.ts"
import type { ClientRegistry } from "./client-registry.ts"
import type { Caller, GatewayEnv } from "./router.ts"
import type { Scope } from "./scopes.ts"

export interface AuthDeps {
  accessTokens: Pick<AccessTokens, "verify">
  clients: Pick<ClientRegistry, "isActive">
}

/** Lets a request pass that carries an access token of a client in good standing. */
export function authenticate({ accessTokens, clients }: AuthDeps): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    const caller = await accessTokens.verify(bearerToken(c.req.header("authorization")))
    if (!(await clients.isActive(caller.clientId))) throw new AppError("invalid_token", "Invalid token")
    c.set("caller", caller)
    await next()
  }
}

/** Lets a request pass whose token holds one of the scopes; stands behind `authenticate`. */
export function requireScope(...anyOf: [Scope, ...Scope[]]): MiddlewareHandler<GatewayEnv> {
  return async (c, next) => {
    refuseWithout(callerOf(c), anyOf)
    await next()
  }
}

/** For what only the body tells. @throws AppError insufficient_scope when the caller holds none of the scopes */
export function refuseWithout({ scopes }: Caller, anyOf: readonly Scope[]): void {
  if (anyOf.some((scope) => scopes.has(scope))) return
  throw new AppError("insufficient_scope", `Insufficient scope, expected any of: ${anyOf.join(",")}`)
}

/** Who makes the request. @throws AppError missing_authentication where `authenticate` does not stand before */
export function callerOf(c: Context<GatewayEnv>): Caller {
  const caller = c.get("caller")
  if (!caller) throw new AppError("missing_authentication", "Missing authentication")
  return caller
}

function bearerToken(authorization = ""): string {
  const [scheme, token, ...rest] = authorization.split(/\s+/)
  if (scheme?.toLowerCase() !== "bearer") {
    throw new AppError("missing_authentication", "Missing authentication")
  }
  if (!token || rest.length > 0 || token.split(".").length !== 3) {
    throw new AppError("Bearer", "Bad HTTP authentication header format")
  }
  return token
}
