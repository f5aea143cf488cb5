import { AppError } from "@hooklane/core"

/**
 * How long after its deadline a caller is answered at the latest, in ms, of the second that it is promised. Later than
 * the last look for the reply, which says more.
 */
export const LATEST_ANSWER_MS = 900

interface Deadline {
  /** Epoch milliseconds. */
  latestAt: number
  now: () => number
}

/**
 * What `work` comes to, unless it takes too long: while Redis is silent each of its commands takes two seconds to fail,
 * and a call needs several. The work itself goes on, unheard.
 * @throws AppError hook_timed_out
 */
export async function byDeadline<Result>(
  work: Promise<Result>,
  { latestAt, now }: Deadline,
): Promise<Result> {
  const { promise: tooLate, reject } = Promise.withResolvers<never>()
  const refuse = () => reject(new AppError("hook_timed_out", "No answer came in time"))
  const timer = setTimeout(refuse, Math.max(0, latestAt - now()))
  try {
    return await Promise.race([work, tooLate])
  } finally {
    clearTimeout(timer)
  }
}
