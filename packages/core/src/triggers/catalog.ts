import { AppError } from "../errors.ts"
import { credentialsExchange } from "./credentials-exchange.ts"
import { postChangePassword } from "./post-change-password.ts"
import { postUserRegistration } from "./post-user-registration.ts"
import { preUserRegistration } from "./pre-user-registration.ts"
import { sendPhoneMessage } from "./send-phone-message.ts"
import { TRIGGER_IDS, type Trigger, type TriggerId } from "./trigger.ts"

/** The five triggers by id. */
export const TRIGGERS: Readonly<Record<TriggerId, Trigger>> = {
  "credentials-exchange": credentialsExchange,
  "pre-user-registration": preUserRegistration,
  "post-user-registration": postUserRegistration,
  "post-change-password": postChangePassword,
  "send-phone-message": sendPhoneMessage,
}

/** @throws AppError trigger_not_found, naming the triggers that exist */
export function getTrigger(id: string): Trigger {
  const found = TRIGGER_IDS.find((known) => known === id)
  if (found) return TRIGGERS[found]
  throw new AppError(
    "trigger_not_found",
    `There is no trigger "${id}"; the triggers are ${TRIGGER_IDS.join(", ")}`,
  )
}
