import { readFileSync, realpathSync } from "node:fs"
import { createRequire, isBuiltin } from "node:module"
import { basename, dirname, extname, isAbsolute, join, relative, sep } from "node:path"
import { parseSpecifier } from "@hooklane/core"
import {
  type FoundFiles,
  filesBeginning,
  filesOfPackage,
  installedPackage,
  mainOf,
  packageFolderOf,
  relationsOf,
} from "./package-files.ts"
import type { ComputedRequires } from "./read-requires.ts"
import { parseFile } from "./syntax-tree.ts"

/**
 * How much of what a file may compute goes into the bundle: what its text names, or also what any file of its package,
 * and any package that the hook declares, could be asked for.
 */
export type Reach = "named" | "all"

export interface CandidateInput extends Pick<ComputedRequires, "beginnings" | "texts" | "isOpen"> {
  /** The file that asks, by its real path. */
  file: string
  /** Where the packages are installed, by its real path. */
  root: string
  /** Packages that the hook declares. */
  declared: readonly string[]
  reach: Reach
}

/** What a file's computed requires may mean. */
export interface Candidates {
  /** Specifiers, with the path in the bundle of what they mean. */
  exact: Record<string, string>
  /** Paths in the bundle. */
  files: string[]
  mains: Record<string, string>
  /** What is left out, and why. */
  refusals: string[]
}

const LOADED = new Set([".js", ".cjs", ".mjs", ".json", ""])

export function candidatesOf(input: CandidateInput): Candidates {
  const { file, root, beginnings, isOpen, reach } = input
  const folder = packageFolderOf(file)
  const found = beginnings.flatMap((beginning) => filesFor(beginning, input))
  if (isOpen && reach === "all") found.push({ folder, ...filesOfPackage(folder) })
  const files = [...new Set(found.flatMap((one) => one.paths))].filter((path) => canBeRead(path)).sort()
  return {
    exact: exactOf(input),
    files: files.map((path) => pathInBundle(root, path)),
    mains: mainsOf(files, root),
    refusals: found.flatMap(({ folder: place, refusal }) =>
      refusal === undefined ? [] : `${pathInBundle(root, place)} has ${refusal}`,
    ),
  }
}

export function pathInBundle(root: string, path: string): string {
  return `/${relative(root, path).split(sep).join("/")}`
}

function filesFor(beginning: string, { file, root }: CandidateInput): (FoundFiles & { folder: string })[] {
  if (beginning.startsWith(".")) {
    const start = join(dirname(file), beginning) + (/\/\.{0,2}$/.test(beginning) ? "/" : "")
    const whole = start.replace(/[\\/]+$/, "/")
    if (!whole.startsWith(root + sep)) return []
    const folder = whole.endsWith("/") ? whole.slice(0, -1) : dirname(whole)
    return [{ folder, ...filesBeginning(whole, packageFolderOf(file)) }]
  }
  const { name = "", subpath = "" } = parseSpecifier(beginning) ?? {}
  const place = subpath === "" ? undefined : installedPackage(name, file, root)
  return place === undefined ? [] : [{ folder: place, ...filesBeginning(place + subpath, place) }]
}

function exactOf(input: CandidateInput): Record<string, string> {
  const { file, root, texts, isOpen, reach, declared, beginnings } = input
  const related = reach === "all" ? [...declared, ...relationsOf(packageFolderOf(file))] : []
  const names = isOpen ? related : related.filter((name) => beginnings.some((one) => name.startsWith(one)))
  const found: Record<string, string> = {}
  for (const specifier of [...texts, ...names].sort()) {
    const path = resolve(specifier, file, root)
    if (path !== undefined) found[specifier] = pathInBundle(root, path)
  }
  return found
}

/** Where a specifier leads to, when that is something installed that can be loaded. */
function resolve(specifier: string, file: string, root: string): string | undefined {
  if (isBuiltin(specifier) || isAbsolute(specifier)) return undefined
  const name = specifier.startsWith(".") ? undefined : parseSpecifier(specifier)?.name
  const place = name === undefined ? undefined : installedPackage(name, file, root)
  if (!place && !/^\.{1,2}(?:\/|$)/.test(specifier)) return undefined
  try {
    const path = realpathSync(createRequire(file).resolve(specifier))
    return path.startsWith(root + sep) && LOADED.has(extname(path)) && canBeRead(path) ? path : undefined
  } catch {
    // A package may have a door for imports only.
    return specifier === name ? place : undefined
  }
}

function mainsOf(files: readonly string[], root: string): Record<string, string> {
  const folders = files.filter((path) => basename(path) === "package.json").map((path) => dirname(path))
  return Object.fromEntries(
    folders.flatMap((folder) => {
      const main = mainOf(folder)
      return main === undefined ? [] : [[pathInBundle(root, folder), pathInBundle(root, main)]]
    }),
  )
}

/** What is no JavaScript must not fail the build: nobody may ask for it. */
function canBeRead(path: string): boolean {
  const text = readFileSync(path, "utf8")
  if (extname(path) !== ".json") return parseFile(text) !== undefined
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
