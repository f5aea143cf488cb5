import { isJsonObject, type Json, type JsonObject, TRIGGERS } from "@hooklane/core"

/** The one hook of every suite: as trivial as a hook can be, so that what is measured is everything around it. */
export const SYNC_HOOK = `module.exports = function (client, scope, audience, context, cb) {
  cb(null, { scope: scope.concat("extra"), "https://example.com/plan": client.metadata.plan });
};`

export const ASYNC_HOOK = "module.exports = function (user, context, cb) { cb(null); };"

/** Waits as a call to another service would. */
export const SLOW_ASYNC_HOOK =
  "module.exports = function (user, context, cb) { setTimeout(function () { cb(null); }, 20); };"

/** An event of credentials-exchange that takes `bytes` as JSON. */
export function syncEvent(bytes = 1_000): object {
  const { client, ...event } = TRIGGERS["credentials-exchange"].sampleEvent
  return padded((metadata) => ({ client: { ...asObject(client), metadata }, ...event }), bytes)
}

/** An event of post-user-registration of 1 kB. */
export function asyncEvent(): object {
  const { user, ...event } = TRIGGERS["post-user-registration"].sampleEvent
  return padded((user_metadata) => ({ user: { ...asObject(user), user_metadata }, ...event }), 1_000)
}

function padded(make: (metadata: JsonObject) => object, bytes: number): object {
  const empty = Buffer.byteLength(JSON.stringify(make({ plan: "full", pad: "" })))
  return make({ plan: "full", pad: "x".repeat(Math.max(0, bytes - empty)) })
}

function asObject(value: Json | undefined): JsonObject {
  return value !== undefined && isJsonObject(value) ? value : {}
}
