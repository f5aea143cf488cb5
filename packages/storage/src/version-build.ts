import { isDeepStrictEqual } from "node:util"
import { type Hook, packageRequestOf } from "@hooklane/core"
import type { hookVersions } from "./schema.sqlite.ts"

type VersionRow = typeof hookVersions.$inferSelect

/** What a version knows of its npm packages. */
export type VersionBuild = Pick<
  VersionRow,
  "buildStatus" | "buildLog" | "lock" | "lockHash" | "specifiers" | "bundleId"
>

type Code = Pick<Hook, "script" | "dependencies">

const NOT_BUILT = { buildLog: "", lock: null, lockHash: null, specifiers: null, bundleId: null }

/** The build of a version that has no earlier one to take it from. */
export function firstBuild(code: Code): VersionBuild {
  return { ...NOT_BUILT, buildStatus: packageRequestOf(code) ? "pending" : "none" }
}

/**
 * The build of the version after `previous`. A build that has all that the new code asks for is taken over: saving
 * then takes no time, and ranges keep the versions that they were resolved to.
 */
export function nextBuild(previous: Code & VersionBuild, code: Code): VersionBuild {
  const wanted = packageRequestOf(code)
  const had = packageRequestOf(previous)
  const { buildStatus, buildLog, lock, lockHash, specifiers, bundleId } = previous
  const isEnough =
    wanted !== undefined &&
    buildStatus === "built" &&
    isDeepStrictEqual(wanted.dependencies, had?.dependencies) &&
    wanted.specifiers.every((specifier) => specifiers?.includes(specifier))
  return isEnough ? { buildStatus, buildLog, lock, lockHash, specifiers, bundleId } : firstBuild(code)
}
