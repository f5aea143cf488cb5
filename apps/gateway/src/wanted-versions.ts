import { AppError, type Snapshot } from "@hooklane/core"
import type { Logger } from "pino"
import { startRepeating } from "./repeat.ts"

/** How long a job whose version left Redis waits for it, beside its own time for looking again. */
const LOOK_EVERY_MS = 1_000

export interface WantedVersionsDeps {
  takeWanted: () => Promise<string[]>
  getSnapshot: (versionId: string) => Promise<Snapshot>
  publish: (snapshot: Snapshot) => Promise<void>
  log: Pick<Logger, "error" | "warn">
}

/** Publishes again the versions that workers miss. One whose hook was deleted is not to be had any more. */
export async function publishWanted(deps: WantedVersionsDeps): Promise<void> {
  for (const versionId of await deps.takeWanted()) {
    const snapshot = await deps.getSnapshot(versionId).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== "version_not_found") throw error
      deps.log.warn({ versionId }, "a job waits for a version that was deleted")
    })
    if (snapshot) await deps.publish(snapshot)
  }
}

export function startPublishingWanted(deps: WantedVersionsDeps): { close(): Promise<void> } {
  return startRepeating({
    work: () => publishWanted(deps),
    everyMs: LOOK_EVERY_MS,
    complaint: "versions that workers miss could not be published",
    log: deps.log,
  })
}
