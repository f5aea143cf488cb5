/** Every major of the `auth0` package that knows hooks (2.22 and later), as package.json names it. */
export const SDKS = [
  { package: "auth0-2", driver: "auth0-2", tokenRequestType: "application/json" },
  { package: "auth0-3", driver: "auth0-2", tokenRequestType: "application/json" },
  { package: "auth0-4", driver: "auth0-4", tokenRequestType: "application/x-www-form-urlencoded" },
  { package: "auth0-5.0", driver: "auth0-5", tokenRequestType: "application/x-www-form-urlencoded" },
  { package: "auth0-5", driver: "auth0-5", tokenRequestType: "application/x-www-form-urlencoded" },
  { package: "auth0-7", driver: "auth0-5", tokenRequestType: "application/x-www-form-urlencoded" },
] as const

/** The body of an error as the gateway sends it. */
export interface Problem {
  statusCode: keyof typeof GENERATED_ERRORS
  error: string
  message: string
  errorCode: string
}

const GENERATED_ERRORS = {
  400: "BadRequestError",
  403: "ForbiddenError",
  404: "NotFoundError",
  409: "ConflictError",
  429: "TooManyRequestsError",
}

/** The error that a program catches, by the interface that throws it. */
export function errorOf(driver: (typeof SDKS)[number]["driver"], problem: Problem): Record<string, unknown> {
  const { statusCode, error, message, errorCode } = problem
  switch (driver) {
    case "auth0-2":
      return { className: "SanitizedError", name: error, statusCode, message }
    case "auth0-4":
      return { className: "ManagementApiError", reason: error, statusCode, message, errorCode }
    case "auth0-5":
      return { className: GENERATED_ERRORS[statusCode], statusCode, body: problem }
    default:
      return driver satisfies never
  }
}
