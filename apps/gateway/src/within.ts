import { AppError } from "@hooklane/core"

/** @throws AppError database_unavailable when it takes longer; the work itself goes on, unheard */
export async function within<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const refuse = () =>
    reject(
      new AppError("database_unavailable", "The database does not answer; try again later", {
        retryAfterSeconds: 1,
      }),
    )
  const timer = setTimeout(refuse, limitMs)
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
