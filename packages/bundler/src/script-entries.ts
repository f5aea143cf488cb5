import { realpathSync } from "node:fs"
import { join } from "node:path"
import { parseSpecifier } from "@hooklane/core"
import { filesBeginning } from "./package-files.ts"
import type { Entry } from "./protocol.ts"

/**
 * A loader for each file that a computed specifier of the script can mean, as `moment/locale/` + x: with its ending
 * and without.
 */
export function entriesBeginning(beginnings: readonly string[], folder: string): Entry[] {
  const modules = join(realpathSync(folder), "node_modules")
  const specifiers = beginnings.flatMap((beginning) => {
    const { name, subpath } = parseSpecifier(beginning) ?? {}
    if (name === undefined || !subpath) return []
    const place = join(modules, name)
    const { paths } = filesBeginning(place + subpath, place)
    return paths.map((path) => `${beginning.slice(0, -subpath.length)}${path.slice(place.length)}`)
  })
  return specifiers.flatMap((target) =>
    [...new Set([target, target.replace(/\.(?:c?js|json)$/, "")])].map((specifier) => ({
      specifier,
      target,
    })),
  )
}
