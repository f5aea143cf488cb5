import { z } from "zod"
import { isJsonObject, type JsonObject, jsonSchema } from "../json.ts"
import { refusalText } from "./refusal.ts"
import { argumentObject, eventBody, type Trigger, WEBTASK_TYPES } from "./trigger.ts"

/** Hosts whose namespace a claim may not use (contract 2.1); a subdomain counts as its host. */
const RESERVED_HOSTS = ["auth0.com", "webtask.io", "webtask.run"]

/** Error codes of the token endpoint by error class; any other error is a `server_error`. */
const CLIENT_ERRORS: Readonly<Record<string, string>> = {
  InvalidScopeError: "invalid_scope",
  InvalidRequestError: "invalid_request",
}

export const credentialsExchange: Trigger = {
  id: "credentials-exchange",
  title: "Client credentials exchange",
  description: "Runs while an application obtains an access token; may change its scopes and add claims.",
  mode: "sync",
  parameters: ["client", "scope", "audience", "context"],
  eventSchema: eventBody({
    // `null` passes, as it did in the original: only its type was looked at.
    client: argumentObject("Body .client received by extensibility point is not an object").nullable(),
    scope: z
      .union([z.array(jsonSchema), z.literal(""), z.null(), z.literal(0), z.literal(false)], {
        error: "Body .scope received by extensibility point is neither empty nor an array",
      })
      .optional(),
    audience: z.string({ error: "Body .audience received by extensibility point is not a string" }),
    context: argumentObject("").catch({}),
  }),
  errorClasses: [
    { name: "InvalidRequestError", hasFriendlyMessage: false },
    { name: "InvalidScopeError", hasFriendlyMessage: false },
    { name: "ServerError", hasFriendlyMessage: false },
  ],
  contextArgument: "original",
  emptyResult: "nothing",
  applyResult: (result) => {
    if (!isJsonObject(result)) return undefined
    const applied: JsonObject = {}
    for (const [key, value] of Object.entries(result)) {
      if (key === "scope" ? Array.isArray(value) : isNamespaced(key)) applied[key] = value
    }
    return applied
  },
  chain: {
    // A result without `scope` takes all scopes away (contract 2.1); no result at all changes nothing.
    nextEvent: (event, applied) => (isJsonObject(applied) ? { ...event, scope: applied.scope ?? [] } : event),
    combine: (earlier, later) => {
      if (!isJsonObject(earlier) || !isJsonObject(later)) return later ?? earlier
      const { scope: _, ...claims } = earlier
      return { ...claims, ...later }
    },
  },
  refusal: (error) => {
    const code = error.thrown ? undefined : CLIENT_ERRORS[error.name]
    const body = { error: code ?? "server_error", error_description: refusalText(error) }
    return { statusCode: code ? 400 : 500, body }
  },
  sampleEvent: {
    client: { id: "my-client-id", name: "My Client", tenant: "my-tenant", metadata: { plan: "full" } },
    scope: ["read:connections"],
    audience: "https://my-tenant.example.com/api/v2/",
    context: {},
  },
  template: `/**
 * @param {object} client - the application: id, name, tenant, metadata
 * @param {string[]|undefined} scope - the scopes to be granted
 * @param {string} audience - the audience of the token
 * @param {object} context - context.webtask.secrets holds the hook's secrets
 * @param {function} cb - cb(error, accessTokenClaims)
 */
module.exports = function (client, scope, audience, context, cb) {
  const accessToken = {};
  accessToken.scope = scope; // without this line the token has no scopes

  // accessToken["https://example.com/plan"] = client.metadata.plan;
  // accessToken.scope.push("extra");

  cb(null, accessToken);
};
`,
  editorTypes: `${WEBTASK_TYPES}declare class InvalidScopeError extends Error {}
declare class InvalidRequestError extends Error {}
declare class ServerError extends Error {}
type Hook = (
  client: { id: string; name: string; tenant: string; metadata: Record<string, string> },
  scope: string[] | undefined,
  audience: string,
  context: { webtask: Webtask },
  cb: (error?: Error | null, accessTokenClaims?: { scope?: string[]; [claim: string]: unknown }) => void,
) => void
`,
}

function isNamespaced(key: string): boolean {
  if (!URL.canParse(key)) return false
  const { protocol, hostname } = new URL(key)
  if (protocol !== "http:" && protocol !== "https:") return false
  return !RESERVED_HOSTS.some((host) => hostname === host || hostname.endsWith(`.${host}`))
}
