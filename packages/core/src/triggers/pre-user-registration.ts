import { isJsonObject, type Json, type JsonObject } from "../json.ts"
import { refusalText } from "./refusal.ts"
import type { Trigger } from "./trigger.ts"
import { USER_CONTEXT_TYPES, userEventSchema } from "./user-event.ts"

/** What a user reads who was refused without a text that is meant for users. */
const GENERIC_TEXT = "We're sorry, something went wrong when attempting to sign up."

const METADATA_FIELDS = ["user_metadata", "app_metadata"]

export const preUserRegistration: Trigger = {
  id: "pre-user-registration",
  title: "Pre user registration",
  description: "Runs before a user is created; may refuse the registration or add metadata.",
  mode: "sync",
  parameters: ["user", "context"],
  eventSchema: userEventSchema,
  errorClasses: [{ name: "PreUserRegistrationError", hasFriendlyMessage: true }],
  contextArgument: "copy",
  emptyResult: "empty_object",
  applyResult: (result) => {
    const user: JsonObject = {}
    const returned = isJsonObject(result) && isJsonObject(result.user) ? result.user : {}
    for (const field of METADATA_FIELDS) {
      const metadata = returned[field]
      if (isJsonObject(metadata)) user[field] = storableKeys(metadata)
    }
    return { user }
  },
  chain: {
    nextEvent: (event, applied) => ({ ...event, user: mergeMetadata(event.user, userOf(applied)) }),
    combine: (earlier, later) => ({ user: mergeMetadata(userOf(earlier), userOf(later)) }),
  },
  refusal: (error) => {
    const { friendlyMessage } = error.properties ?? {}
    const text = typeof friendlyMessage === "string" && !error.thrown ? friendlyMessage : GENERIC_TEXT
    return {
      statusCode: 400,
      body: {
        name: "InternalExtensibilityError",
        statusCode: 400,
        code: "extensibility_error",
        message: refusalText(error),
        friendly_message: text,
        description: text,
        fromSandbox: true,
      },
    }
  },
  sampleEvent: {
    user: {
      tenant: "my-tenant",
      username: "user1",
      password: "correct-horse-battery",
      email: "user1@example.com",
      emailVerified: false,
      phoneNumber: "1-000-000-0000",
      phoneNumberVerified: false,
      user_metadata: { hobby: "surfing" },
      app_metadata: { plan: "full" },
    },
    context: {
      renderLanguage: "en",
      request: { ip: "::ffff:127.0.0.1", language: "en-us" },
      connection: {
        id: "con_xxxxxxxxxxxxxxxx",
        name: "Username-Password-Authentication",
        tenant: "my-tenant",
      },
    },
  },
  template: `/**
 * @param {object} user - the user to be created, with the password in clear
 * @param {object} context - connection and request; context.webtask.secrets holds the hook's secrets
 * @param {function} cb - cb(error, response)
 */
module.exports = function (user, context, cb) {
  const response = {};
  response.user = user;

  // response.user.app_metadata = { plan: "free" };
  // To refuse: return cb(new PreUserRegistrationError("for the log", "for the user"));

  cb(null, response);
};
`,
  editorTypes: `declare class PreUserRegistrationError extends Error {
  constructor(message: string, friendlyMessage?: string)
}
${USER_CONTEXT_TYPES}interface RegistrationUser {
  tenant: string
  username: string
  password: string
  email: string
  emailVerified: boolean
  phoneNumber: string
  phoneNumberVerified: boolean
  user_metadata: Record<string, unknown>
  app_metadata: Record<string, unknown>
}
type Hook = (
  user: RegistrationUser,
  context: HookContext,
  cb: (error?: Error | null, response?: { user?: Partial<RegistrationUser> }) => void,
) => void
`,
}

function userOf(applied: Json | undefined): Json | undefined {
  return isJsonObject(applied) ? applied.user : undefined
}

/** `user` with the metadata of `changes`, name by name. */
function mergeMetadata(user: Json | undefined, changes: Json | undefined): JsonObject {
  const merged: JsonObject = isJsonObject(user) ? { ...user } : {}
  if (!isJsonObject(changes)) return merged
  for (const field of METADATA_FIELDS) {
    const [before, added] = [merged[field], changes[field]]
    if (isJsonObject(added)) merged[field] = { ...(isJsonObject(before) && before), ...added }
  }
  return merged
}

/** Names with a dot, or that begin with "$", cannot be stored (contract 2.2); they are left out. */
function storableKeys(metadata: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(metadata).filter(([key]) => !key.includes(".") && !key.startsWith("$")),
  )
}
