import { readFile } from "node:fs/promises"
import { dirname, extname, join } from "node:path"
import type { Plugin } from "esbuild"
import { readRequires } from "./read-requires.ts"
import {
  type CandidateInput,
  type Candidates,
  candidatesOf,
  pathInBundle,
  type Reach,
} from "./require-candidates.ts"
import { createRuntimeRequire } from "./runtime-require.ts"

export interface ComputedRequiresOptions {
  /** Where the packages are installed, by its real path. */
  root: string
  declared: readonly string[]
  /** With "none", nothing that is computed is found when it is asked for. */
  reach: Reach | "none"
  /** A file of the bundle computes what it requires. */
  onComputed(file: string): void
  /** What could be asked for is left out. */
  onLeftOut(refusal: string): void
}

/** Begins the names of modules that stand for the `require` of one file. */
export const REQUIRE_OF = "hooklane-require:"
const RUNTIME = "hooklane-runtime"

const REQUIRE_AT = "hooklane-require-at"

/**
 * In place of the package of this name, which asks the file system and Node's loader: mongodb 3 and mongoose 5
 * load it, by optional-require.
 */
const requireAt = `module.exports = (folder, id) => {
const own = require(${JSON.stringify(RUNTIME)})({
from: folder.replace(/\\/*$/, "/index.js"), requireBuiltin: (id) => require(id), exact: {}, files: {}, mains: {},
})
return id === undefined ? own : own(id)
}\n`

type Asking = Pick<CandidateInput, "file" | "beginnings" | "texts" | "isOpen">

/**
 * Gives each file that computes what it requires a `require` of its own, which finds what the file may mean among
 * the installed packages.
 */
export function computedRequires(options: ComputedRequiresOptions): Plugin {
  const { root, declared, reach } = options
  const asking = new Map<string, Asking>()

  async function rewritten(file: string) {
    if (extname(file) === ".json") return undefined
    const found = readRequires(await readFile(file, "utf8"))
    if (!found) return undefined
    const name = pathInBundle(root, file)
    const { rewrite, ...rest } = found
    asking.set(name, { file, ...rest })
    options.onComputed(name)
    return { contents: rewrite(REQUIRE_OF + name), loader: "js" as const }
  }

  function requireOf(name: string) {
    const one = asking.get(name)
    if (!one) return { errors: [{ text: `${name} has no require of its own` }] }
    const found = reach === "none" ? NOTHING : candidatesOf({ ...one, root, declared, reach })
    for (const refusal of found.refusals) options.onLeftOut(refusal)
    return { contents: tableOf(name, found, one.file), loader: "js" as const, resolveDir: dirname(one.file) }
  }

  function tableOf(name: string, { exact, files, mains }: Candidates, file: string): string {
    const ownFolder = pathInBundle(root, dirname(file))
    const known = Object.entries(exact).map(
      ([specifier, path]) => `${json(specifier)}: [${json(path)}, () => require(${json(specifier)})],`,
    )
    const others = files.map((path) => `${json(path)}: () => require(${json(pathFrom(ownFolder, path))}),`)
    return `module.exports = require(${json(RUNTIME)})({
from: ${json(name)},
requireBuiltin: (id) => require(id),
exact: { __proto__: null,
${known.join("\n")}
},
files: { __proto__: null,
${others.join("\n")}
},
mains: ${json(mains)}
})\n`
  }

  return {
    name: "computed-requires",
    setup(build) {
      build.onResolve({ filter: /^require-at$/ }, ({ path }) => ({ path, namespace: REQUIRE_AT }))
      build.onLoad({ filter: /.*/, namespace: REQUIRE_AT }, () => ({ contents: requireAt }))
      build.onResolve({ filter: /^hooklane-(?:require:|runtime$)/ }, ({ path }) => ({
        path: path.replace(REQUIRE_OF, ""),
        namespace: path === RUNTIME ? RUNTIME : REQUIRE_OF.slice(0, -1),
      }))
      build.onLoad({ filter: /.*/, namespace: "file" }, ({ path }) => rewritten(path))
      build.onLoad({ filter: /.*/, namespace: REQUIRE_OF.slice(0, -1) }, ({ path }) => requireOf(path))
      build.onLoad({ filter: /.*/, namespace: RUNTIME }, () => ({
        contents: `module.exports = (${createRuntimeRequire})()`,
        loader: "js",
      }))
    },
  }
}

const NOTHING: Candidates = { exact: {}, files: [], mains: {}, refusals: [] }

const json = JSON.stringify

/** A specifier that leads from one folder of the bundle to a file of it. */
function pathFrom(folder: string, path: string): string {
  const up = folder
    .split("/")
    .slice(1)
    .map(() => "..")
  return `./${join(...up, path).replaceAll("\\", "/")}`
}
