import type { Trigger } from "./trigger.ts"
import { USER_CONTEXT_TYPES, userEventSchema } from "./user-event.ts"

export const postUserRegistration: Trigger = {
  id: "post-user-registration",
  title: "Post user registration",
  description: "Runs after a user was created, in the background; cannot change the user.",
  mode: "async",
  parameters: ["user", "context"],
  eventSchema: userEventSchema,
  errorClasses: [{ name: "PreUserRegistrationError", hasFriendlyMessage: true }],
  contextArgument: "copy",
  emptyResult: "empty_object",
  applyResult: () => undefined,
  sampleEvent: {
    user: {
      id: "abc123",
      tenant: "my-tenant",
      username: "user1",
      email: "user1@example.com",
      emailVerified: false,
      phoneNumber: "1-000-000-0000",
      phoneNumberVerified: false,
      user_metadata: { hobby: "surfing" },
      app_metadata: { plan: "full" },
    },
    context: {
      request: { ip: "::ffff:127.0.0.1", language: "en-us" },
      connection: {
        id: "con_xxxxxxxxxxxxxxxx",
        name: "Username-Password-Authentication",
        tenant: "my-tenant",
      },
    },
  },
  template: `/**
 * @param {object} user - the user that was created
 * @param {object} context - connection and request; context.webtask.secrets holds the hook's secrets
 * @param {function} cb - cb(error): an error means "try again later"
 */
module.exports = function (user, context, cb) {
  // Tell another system about the new user here.
  cb();
};
`,
  editorTypes: `${USER_CONTEXT_TYPES}interface RegisteredUser {
  id: string
  tenant: string
  username: string
  email: string
  emailVerified: boolean
  phoneNumber: string
  phoneNumberVerified: boolean
  user_metadata: Record<string, unknown>
  app_metadata: Record<string, unknown>
}
type Hook = (user: RegisteredUser, context: HookContext, cb: (error?: Error | null) => void) => void
`,
}
