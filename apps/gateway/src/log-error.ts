import { isFailedQuery } from "@hooklane/storage"

/**
 * An error with its causes as a log tells it: what happened and where, and no further property, since the errors of
 * databases carry the rows that they are about.
 */
export function serializeError(error: unknown): object {
  const chain = causesOf(error).filter((one) => !isFailedQuery(one))
  const code = chain.find((one): one is Error & { code: unknown } => "code" in one)?.code
  return {
    type: chain[0]?.name ?? "Error",
    message: chain.map((one) => one.message).join(": "),
    ...(code !== undefined && { code }),
    stack: chain.map((one) => one.stack).join("\ncaused by: "),
  }
}

function causesOf(error: unknown): Error[] {
  if (error instanceof Error) return [error, ...causesOf(error.cause)]
  return error === undefined ? [] : [new Error(String(error))]
}
