import { AppError } from "@hooklane/core"
import { currentSigningKey, type Storage } from "@hooklane/storage"

/**
 * Opens the key that signs tokens, which every database holds; one without it gets it now.
 * @throws AppError invalid_setting when the master key is not the one that the database was written with
 */
export async function checkMasterKey(storage: Storage): Promise<void> {
  try {
    await currentSigningKey(storage)
  } catch (cause) {
    if (!(cause instanceof AppError) || cause.code !== "internal_error") throw cause
    throw new AppError(
      "invalid_setting",
      `The master key does not fit the database: ${cause.message}. Set HOOKLANE_MASTER_KEY, or master.key in the ` +
        "data folder, to the key that this deployment was made with. If it is lost, the secrets of hooks and all " +
        "waiting events are lost as well: start with an empty data folder.",
      { cause },
    )
  }
}
