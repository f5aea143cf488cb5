import { z } from "zod"
import { isJsonObject, type JsonObject, jsonSchema } from "../json.ts"
import { argumentObject, eventBody, orArray, type TriggerEvent, WEBTASK_TYPES } from "./trigger.ts"

/** The event that the three user triggers share: `{ user, context }` with a connection in the context. */
export const userEventSchema: z.ZodType<TriggerEvent> = eventBody({
  user: argumentObject("Body.user received by extensibility point is not an object"),
  context: orArray(
    z
      .object(
        {
          connection: argumentObject(
            "Body.context.connection received by extensibility point is not an object",
          ),
        },
        { error: "Body.context received by extensibility point is not an object" },
      )
      .catchall(jsonSchema)
      .transform(withBothLanguages),
  ),
})

export const USER_CONTEXT_TYPES = `${WEBTASK_TYPES}interface HookContext {
  requestLanguage?: string
  renderLanguage?: string
  request?: { ip?: string; language?: string }
  connection: { id: string; name: string; tenant: string }
  webtask: Webtask
}
`

/** Hooks exist for both shapes of the language field (contract 2.2), so an event in either gets the other too. */
function withBothLanguages(context: JsonObject): JsonObject {
  const request = isJsonObject(context.request) ? context.request : undefined
  const language = request?.language ?? context.requestLanguage
  if (language === undefined) return context
  return {
    ...context,
    requestLanguage: context.requestLanguage ?? language,
    request: { language, ...request },
  }
}
