/** What is there for packages to find, and not for hooks to use, fails with this. */
export function refusal(path: string, advice?: string): Error {
  const message = `${path} is not available to hooks${advice === undefined ? "" : `: ${advice}`}`
  return Object.assign(new Error(message), { code: "ERR_HOOK_DENIED" })
}

type Act = (...args: unknown[]) => unknown

const { nextTick } = process

/**
 * Fails in the way in which callers expect it: a function that was given a callback calls it back, later, as Node's
 * own do; others throw.
 */
export function refuseCall(fail: () => Error, args: unknown[]): undefined {
  const callback = args.at(-1)
  if (!isCallback(callback)) throw fail()
  nextTick(callback, fail())
  return undefined
}

function isCallback(value: unknown): value is Act {
  return typeof value === "function"
}
