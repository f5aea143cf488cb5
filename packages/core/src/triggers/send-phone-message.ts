import { z } from "zod"
import { jsonSchema } from "../json.ts"
import { argumentObject, eventBody, orArray, type Trigger, WEBTASK_TYPES } from "./trigger.ts"

const MESSAGE_TYPES = ["sms", "voice"]
const ACTIONS = ["enrollment", "second-factor-authentication"]

const messageClientSchema = z
  .object(
    {
      client_id: contextText("client.client_id"),
      name: contextText("client.name"),
      client_metadata: argumentObject(notA("context.client.client_metadata", "an object"))
        .nullable()
        .optional(),
    },
    { error: notA("context.client", "an object") },
  )
  .catchall(jsonSchema)

const messageContextSchema = z
  .object(
    {
      message_type: z.enum(MESSAGE_TYPES, { error: notA("context.message_type", "`sms` or `voice`") }),
      action: z.enum(ACTIONS, {
        error: notA("context.action", "`enrollment` or `second-factor-authentication`"),
      }),
      language: contextText("language"),
      code: contextText("code"),
      ip: contextText("ip"),
      user_agent: contextText("user_agent"),
      client: orArray(messageClientSchema).optional(),
      user: argumentObject(notA("context.user", "an object")).nullable(),
    },
    { error: notA("context", "an object") },
  )
  .catchall(jsonSchema)

export const sendPhoneMessage: Trigger = {
  id: "send-phone-message",
  title: "Send phone message",
  description: "Runs when a one-time code must reach a phone; delivers it through a provider of your choice.",
  mode: "sync",
  parameters: ["recipient", "text", "context"],
  eventSchema: eventBody({
    recipient: z.string({ error: notA("recipient", "a string") }),
    text: z.string({ error: notA("text", "a string") }),
    context: orArray(messageContextSchema),
  }),
  errorClasses: [{ name: "SendPhoneMessageError", hasFriendlyMessage: true }],
  contextArgument: "original",
  emptyResult: "nothing",
  applyResult: (result) => result,
  chain: { nextEvent: (event) => event, combine: (earlier, later) => later ?? earlier },
  sampleEvent: {
    recipient: "1-808-555-5555",
    text: "Here is your one time password: 999111",
    context: {
      message_type: "sms",
      action: "enrollment",
      language: "en",
      code: "999111",
      ip: "127.0.0.1",
      user_agent: "Mozilla/5.0",
      client: { client_id: "1235", name: "Test Application", client_metadata: {} },
      user: {
        user_id: "auth0|test12345",
        name: "Billie Magnusson",
        email: "billie@example.com",
        app_metadata: {},
        user_metadata: {},
      },
    },
  },
  template: `/**
 * @param {string} recipient - the phone number
 * @param {string} text - the message, with the code in it
 * @param {object} context - message_type, action, language, code, client, user; context.webtask.secrets
 * @param {function} cb - cb(error, response)
 */
module.exports = function (recipient, text, context, cb) {
  // Hand the message to your provider here.
  cb(null, {});
};
`,
  editorTypes: `${WEBTASK_TYPES}declare class SendPhoneMessageError extends Error {
  constructor(message: string, friendlyMessage?: string)
}
interface MessageContext {
  message_type: "sms" | "voice"
  action: "enrollment" | "second-factor-authentication"
  language: string
  code: string
  ip: string
  user_agent: string
  client?: { client_id: string; name: string; client_metadata?: Record<string, unknown> }
  user: {
    user_id: string
    name: string
    email: string
    app_metadata: Record<string, unknown>
    user_metadata: Record<string, unknown>
  }
  webtask: Webtask
}
type Hook = (
  recipient: string,
  text: string,
  context: MessageContext,
  cb: (error?: Error | null, response?: unknown) => void,
) => void
`,
}

function contextText(name: string) {
  return z.string({ error: notA(`context.${name}`, "a string") })
}

function notA(path: string, what: string): string {
  return `Body.${path} received by extensibility point is not ${what}`
}
