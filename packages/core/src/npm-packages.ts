import { z } from "zod"
import type { Hook } from "./hook.ts"

/**
 * A name as the npm registry has it, with upper case for packages older than the rule against it. npm allows 214
 * characters.
 */
export const PACKAGE_NAME = /^(?:@[a-zA-Z0-9~-][\w.~-]*\/)?[a-zA-Z0-9~-][\w.~-]*$/

/**
 * An exact version, a range or a tag of the registry. What npm would take from elsewhere (`file:`, `git+ssh:`,
 * `https:`, `npm:`, `workspace:`, `owner/repository`, `./folder`, `package.tgz`) has a colon or a slash, begins
 * with a dot or ends like an archive.
 */
export const VERSION_SPEC = /^(?!\.)(?!.*\.(?:tgz|tar|tar\.gz)$)[\w.+~^<>=|* -]*$/

export const MAX_PACKAGE_NAME_CHARS = 214

/** What a hook's script can ask its `require` for, besides the modules of Node. */
export interface PackageSpecifier {
  name: string
  /** The old sandbox's `require("name@version")`, which declares the package as it asks for it. */
  version: string | undefined
  /** `/fp` of `lodash/fp`, or nothing. */
  subpath: string
}

/** The npm packages of a hook as it asks for them, in an order of their own: equal ones are the same request. */
export interface PackageRequest {
  dependencies: Record<string, string>
  /**
   * What the script seems to require of its packages: a declared one, something below it (`lodash/fp`), and any with
   * a version (`ms@2.1.3`). It is read without parsing, so what a comment says is among it, and all that is declared
   * where a `require` is used in another way.
   */
  specifiers: string[]
}

/**
 * Every installed package by its place in `node_modules` (`a/node_modules/b` is the b that a has for itself): what
 * npm installs again, byte for byte.
 */
export const packageLockSchema = z.record(
  z.string(),
  z.strictObject({ version: z.string(), integrity: z.string() }),
)
export type PackageLock = z.infer<typeof packageLockSchema>

/** `require("…")`, and in an ES module `from "…"` and `import "…"`. */
const REQUIRED =
  /\brequire\s*\(\s*(["'`])(?<required>[^"'`\\\s]{1,300})\1\s*\)|\b(?:from|import)\s*(["'])(?<imported>[^"'`\\\s]{1,300})\3/g

/** A `require` that is not called with a text. */
const HIDDEN = /\brequire\b(?!\s*\(\s*(["'`])[^"'`\\\s$]{1,300}\1\s*\))/

/** What has to be built before the hook can run; undefined for a hook without npm packages. */
export function packageRequestOf({
  dependencies,
  script,
}: Pick<Hook, "dependencies" | "script">): PackageRequest | undefined {
  const names = Object.keys(dependencies).sort()
  const specifiers = [...script.matchAll(REQUIRED)]
    .map(({ groups }) => groups?.required ?? groups?.imported ?? "")
    .filter((text) => isOfPackages(text, dependencies))
  if (names.length === 0 && specifiers.length === 0) return undefined
  const hidden = HIDDEN.test(script) ? names : []
  return {
    dependencies: Object.fromEntries(names.map((name) => [name, dependencies[name] ?? ""])),
    specifiers: [...new Set([...specifiers, ...hidden])].sort(),
  }
}

/** What old hooks write in front of a package: the path at which the original had it. */
const PLACE = /^(?:\.{0,2}\/)*node_modules\//

/**
 * The parts of a package's specifier, also of one that is its place (`./node_modules/lodash@4.17.21`); undefined for
 * anything else, such as another path.
 */
export function parseSpecifier(text: string): PackageSpecifier | undefined {
  const bare = text.replace(PLACE, "")
  const [, name = "", version, subpath = ""] = /^((?:@[^/@]+\/)?[^/@]+)(?:@([^/]+))?(\/.*)?$/.exec(bare) ?? []
  if (!PACKAGE_NAME.test(name) || name.length > MAX_PACKAGE_NAME_CHARS) return undefined
  if (version !== undefined && !VERSION_SPEC.test(version)) return undefined
  if (subpath.split("/").includes("..")) return undefined
  return { name, version, subpath }
}

function isOfPackages(text: string, dependencies: Record<string, string>): boolean {
  const specifier = parseSpecifier(text)
  return (
    specifier !== undefined &&
    (specifier.version !== undefined || Object.hasOwn(dependencies, specifier.name))
  )
}
