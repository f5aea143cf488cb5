import { AppError } from "@hooklane/core"
import type { Logger } from "pino"

export interface LostHooksDeps {
  countHooks: () => Promise<number>
  /** Whether this deployment has had hooks that nobody deleted. */
  hadHooks: () => Promise<boolean>
  noteHooks: (state: "some" | "none") => Promise<void>
  /** The operator says that there are none, and that this is right. */
  isAccepted: boolean
  log: Pick<Logger, "error" | "warn">
}

const WHAT_TO_DO =
  "restore the database, or set HOOKLANE_ACCEPT_NO_HOOKS=true for one start when there shall be none"

/**
 * Notices a deployment that had hooks and finds none: another database, or a new one in the place of a lost file.
 * Events would pass as if their hooks had been asked, so they are refused until there is a hook again, or the
 * operator has said that all is well. A deployment that never had a hook is none of this.
 */
export async function watchForLostHooks({ countHooks, hadHooks, noteHooks, isAccepted, log }: LostHooksDeps) {
  const count = await countHooks()
  let areLost = count === 0 && !isAccepted && (await hadHooks())
  if (areLost) log.error(`This deployment had hooks, and its database has none: ${WHAT_TO_DO}`)

  async function note(state: "some" | "none"): Promise<void> {
    // A mark that is missing costs a warning one day, no call now.
    await noteHooks(state).catch((err: unknown) =>
      log.warn({ err }, "it could not be noted whether there are hooks"),
    )
  }

  if (count > 0) await note("some")
  else if (isAccepted) await note("none")
  return {
    /** Another gateway, or whoever restores the database, may have brought them back. @throws AppError hooks_missing */
    async refuseWhileLost(): Promise<void> {
      areLost &&= (await countHooks()) === 0
      if (!areLost) return
      const message = `The hooks of this deployment are missing: ${WHAT_TO_DO}`
      throw new AppError("hooks_missing", message, { retryAfterSeconds: 30 })
    },
    async hookSaved(): Promise<void> {
      areLost = false
      await note("some")
    },
    async hookDeleted(): Promise<void> {
      if ((await countHooks()) === 0) await note("none")
    },
  }
}
