import { type Dirent, existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { basename, dirname, extname, join } from "node:path"

/** The files of one folder that a computed require may mean, and why they are not all there. */
export interface FoundFiles {
  paths: string[]
  refusal?: string
}

interface Bounds {
  /** Folders below it, too. */
  depth: number
  maxFiles: number
  maxBytes: number
}

/** What a folder may have whose files are asked for by a part of their path: moment has 140 locales of 500 kB. */
const NAMED: Bounds = { depth: 6, maxFiles: 2_000, maxBytes: 5_000_000 }
/** What a package may have that asks for anything at all; most of such files are needed for nothing. */
const WHOLE_PACKAGE: Bounds = { depth: 4, maxFiles: 300, maxBytes: 1_000_000 }

const EXTENSIONS = new Set([".js", ".cjs", ".mjs", ".json"])
/** Tests, and other forms of what is there already. */
const NOT_LOADED =
  /^(?:node_modules|tests?|__tests__|specs?|benchmarks?|examples?|docs?|coverage|typings|types)$|^\.|\.(?:test|spec|min)\.[cm]?js$/i

/** The files whose path begins with `beginning`, an absolute one; those right in the package's own folder, and below others. */
export function filesBeginning(beginning: string, packageFolder: string): FoundFiles {
  const folder = beginning.endsWith("/") ? beginning.slice(0, -1) : dirname(beginning)
  const name = beginning.endsWith("/") ? "" : basename(beginning)
  const depth = folder === packageFolder ? 1 : NAMED.depth
  return list(folder, { ...NAMED, depth }, (entry) => entry.startsWith(name))
}

/** All files of a package; none, when there are too many to take them for nothing. */
export function filesOfPackage(packageFolder: string): FoundFiles {
  return list(packageFolder, WHOLE_PACKAGE, () => true)
}

/** The folder of the package that a file belongs to. */
export function packageFolderOf(file: string): string {
  const [, folder] = /^(.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+)(?:[\\/]|$)/.exec(file) ?? []
  return folder ?? dirname(file)
}

/** The package that `name` is for a file, as Node looks for it; nothing outside of `root` counts. */
export function installedPackage(name: string, file: string, root: string): string | undefined {
  for (let folder = dirname(file); folder.startsWith(root); folder = dirname(folder)) {
    const place = join(folder, "node_modules", name)
    if (existsSync(join(place, "package.json"))) return place
  }
  return undefined
}

/** A package's own list of others: what it needs, and what it can work with. */
export function relationsOf(packageFolder: string): string[] {
  const manifest = readManifest(packageFolder)
  const lists = ["dependencies", "peerDependencies", "peerDependenciesMeta", "optionalDependencies"]
  return lists.flatMap((list) => Object.keys(Object(manifest[list])))
}

/** The file that Node loads for a folder, by the `main` of its package.json. */
export function mainOf(folder: string): string | undefined {
  const { main } = readManifest(folder)
  if (typeof main !== "string") return undefined
  const file = join(folder, main)
  return [file, `${file}.js`, join(file, "index.js")].find((path) => isFile(path))
}

function list(folder: string, bounds: Bounds, isWanted: (topName: string) => boolean): FoundFiles {
  const paths: string[] = []
  let bytes = 0
  let folders: string[] = [folder]
  for (let depth = 0; depth <= bounds.depth && folders.length > 0; depth += 1) {
    const inside = folders.flatMap((parent) => entriesOf(parent).map((entry) => ({ parent, entry })))
    const wanted = inside.filter(({ entry }) => depth > 0 || isWanted(entry.name))
    for (const { parent, entry } of wanted) {
      if (!entry.isFile() || !EXTENSIONS.has(extname(entry.name))) continue
      paths.push(join(parent, entry.name))
      bytes += statSync(join(parent, entry.name)).size
      if (paths.length > bounds.maxFiles) return { paths: [], refusal: `more than ${bounds.maxFiles} files` }
      if (bytes > bounds.maxBytes) return { paths: [], refusal: `more than ${bounds.maxBytes} bytes` }
    }
    folders = wanted
      .filter(({ entry }) => entry.isDirectory())
      .map(({ parent, entry }) => join(parent, entry.name))
  }
  return { paths: paths.sort() }
}

/** Without links, which may lead anywhere, and round in circles; in one order. */
function entriesOf(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter(({ name }) => !NOT_LOADED.test(name))
  } catch {
    return []
  }
}

function readManifest(folder: string): Record<string, unknown> {
  try {
    return Object(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")))
  } catch {
    return {}
  }
}

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
