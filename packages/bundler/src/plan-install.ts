import { parseSpecifier } from "@hooklane/core"
import type { Entry, ResolveTask } from "./protocol.ts"

/** What npm is to install, and what the bundle offers of it. */
export interface InstallPlan {
  manifest: Record<string, string>
  entries: Entry[]
}

/**
 * The declared packages, those that the script requires with a version, and what it requires below them. One name
 * with several versions is installed several times, the further ones under names of our own.
 * @param required what the script requires in fact; a specifier that only a comment has is left out
 */
export function planInstall(
  { dependencies, specifiers }: Pick<ResolveTask, "dependencies" | "specifiers">,
  required: ReadonlySet<string>,
): InstallPlan {
  const manifest = { ...dependencies }
  const entries: Entry[] = Object.keys(dependencies).map((name) => ({ specifier: name, target: name }))
  for (const specifier of specifiers.filter((one) => required.has(one))) {
    const { name, version, subpath } = parseSpecifier(specifier) ?? {}
    if (name === undefined) continue
    const installed = version === undefined ? name : placeFor(manifest, name, version)
    entries.push({ specifier, target: `${installed}${subpath}` })
  }
  return { manifest, entries }
}

/** Where a version of a package is installed; puts it into the manifest when it is not there yet. */
function placeFor(manifest: Record<string, string>, name: string, version: string): string {
  manifest[name] ??= version
  if (manifest[name] === version) return name
  const alias = `npm:${name}@${version}`
  const [known] = Object.entries(manifest).find(([, spec]) => spec === alias) ?? []
  const place = known ?? `@pinned/${Object.keys(manifest).length}`
  manifest[place] = alias
  return place
}
