import { parseSpecifier } from "@hooklane/core"
import type { Entry, ResolveTask } from "./protocol.ts"
import type { ScriptRequires } from "./script-requires.ts"

/** What npm is to install, and what the bundle offers of it. */
export interface InstallPlan {
  manifest: Record<string, string>
  entries: Entry[]
}

/**
 * The declared packages, and those that the script requires with a version, are installed; what it requires of them
 * is offered. One name with several versions is installed several times, the further ones under names of our own.
 */
export function planInstall(
  { dependencies, specifiers }: Pick<ResolveTask, "dependencies" | "specifiers">,
  { names, isOpen }: Pick<ScriptRequires, "names" | "isOpen">,
): InstallPlan {
  const manifest = { ...dependencies }
  const declared = Object.keys(dependencies).filter((name) => isOpen || names.has(name))
  const entries: Entry[] = declared.map((name) => ({ specifier: name, target: name }))
  const further = specifiers.filter((one) => names.has(one) && !declared.includes(one))
  for (const specifier of further) {
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
