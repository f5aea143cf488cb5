import type { PackageLock } from "@hooklane/core"
import { z } from "zod"
import { BuildFailure } from "./build-failure.ts"

const npmLockSchema = z.object({
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      /** Comes inside another package, whose integrity covers it. */
      inBundle: z.boolean().optional(),
    }),
  ),
})

/**
 * What a package-lock.json installs, in an order and form of our own: without addresses, so that it is the same
 * behind every mirror of the registry.
 * @throws BuildFailure when a package is none of a registry's, or there are too many
 */
export function readLock(packageLock: string, { maxPackages }: { maxPackages: number }): PackageLock {
  const { packages } = npmLockSchema.parse(JSON.parse(packageLock))
  const places = Object.keys(packages)
    .filter((place) => place !== "")
    .sort()
  if (places.length > maxPackages)
    throw new BuildFailure(`These are ${places.length} packages; ${maxPackages} are allowed`)
  return Object.fromEntries(places.map((place) => [shortPlace(place), locked(place, packages[place])]))
}

function locked(place: string, one: z.infer<typeof npmLockSchema>["packages"][string] | undefined) {
  const integrity = one?.inBundle ? "in its parent" : one?.integrity
  if (one?.link || one?.version === undefined || integrity === undefined)
    throw new BuildFailure(`${shortPlace(place)} does not come from a registry, or without a checksum`)
  return { version: one.version, integrity }
}

/** `a/node_modules/b` for the b that a has for itself. */
function shortPlace(place: string): string {
  return place.replace(/^node_modules\//, "")
}
