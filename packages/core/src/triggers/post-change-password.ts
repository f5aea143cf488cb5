import type { Trigger } from "./trigger.ts"
import { USER_CONTEXT_TYPES, userEventSchema } from "./user-event.ts"

export const postChangePassword: Trigger = {
  id: "post-change-password",
  title: "Post change password",
  description: "Runs after a password was changed, in the background; the password stays changed.",
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
      username: "user1",
      email: "user1@example.com",
      last_password_reset: "2019-02-27T14:14:29.206Z",
    },
    context: {
      connection: {
        id: "con_xxxxxxxxxxxxxxxx",
        name: "Username-Password-Authentication",
        tenant: "my-tenant",
      },
    },
  },
  template: `/**
 * @param {object} user - whose password was changed: id, username, email, last_password_reset
 * @param {object} context - connection; context.webtask.secrets holds the hook's secrets
 * @param {function} cb - cb(error): an error means "try again later"
 */
module.exports = function (user, context, cb) {
  // Notify the user, or end sessions elsewhere, here.
  cb();
};
`,
  editorTypes: `${USER_CONTEXT_TYPES}interface PasswordUser {
  id: string
  username: string
  email: string
  last_password_reset: string
}
type Hook = (user: PasswordUser, context: HookContext, cb: (error?: Error | null) => void) => void
`,
}
