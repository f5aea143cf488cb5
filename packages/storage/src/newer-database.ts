import { AppError } from "@hooklane/core"

/** @throws AppError invalid_setting when the database has seen more migrations than this release has */
export function refuseNewerDatabase({
  name,
  seen,
  known,
}: {
  name: string
  seen: number
  known: number
}): void {
  if (seen <= known) return
  throw new AppError(
    "invalid_setting",
    `The database ${name} was written by a newer release (its schema is number ${seen}, this release knows ${known}): start that release, or restore a copy made before it`,
  )
}
