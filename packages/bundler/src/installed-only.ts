import { readFileSync, realpathSync, statSync } from "node:fs"
import { isBuiltin } from "node:module"
import { extname, isAbsolute, sep } from "node:path"
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild"

/** A file that asks for what no bundle may have. */
export interface Refusal {
  /** As esbuild names it in its metafile. */
  importer: string
  /** What is wrong, with the place. */
  message: string
}

export interface InstalledOnlyOptions {
  /** Where the packages are installed, by its real path. */
  folder: string
  /** All files that go into a bundle. */
  maxSourceBytes: number
  /** Something is required that is not installed. */
  onMissing(specifier: string, importer: string): void
  /** The bundle throws there; whether it may do without is the caller's to know. */
  onRefused(refusal: Refusal): void
}

/** Marks the plugin's own questions, which esbuild is to answer by itself. */
const ASKED_HERE = { isAskedHere: true }
const REFUSED = "hooklane-refused"

const LOADED_EXTENSIONS = new Set([".js", ".mjs", ".cjs", ".json", ""])

/**
 * Lets a bundle have what npm installed, and nothing else of this machine: Node's modules and what is not there are
 * left to the `require` of the run, and any other file is refused.
 */
export function installedOnly(options: InstalledOnlyOptions): Plugin {
  const { folder } = options
  const admitted = new Set<string>()
  let bytes = 0

  function refusalOf(path: string): string | undefined {
    if (admitted.has(path)) return undefined
    const real = realpathSync(path)
    if (!real.startsWith(folder + sep)) return "is outside of the installed packages"
    if (extname(real) === ".node") return "is native code, which hooks cannot run"
    if (!LOADED_EXTENSIONS.has(extname(real))) return "is neither JavaScript nor JSON"
    bytes += statSync(real).size
    if (bytes > options.maxSourceBytes) return `is beyond ${options.maxSourceBytes} bytes of source`
    admitted.add(path)
    return undefined
  }

  function refuse({ path, importer }: OnResolveArgs, why: string): OnResolveResult {
    const name = importer.startsWith(folder + sep) ? importer.slice(folder.length + 1) : importer
    const text = `${path} ${why}`
    options.onRefused({ importer: name, message: `${name}${lineOf(path, importer)}: ${text}` })
    return { path: text, namespace: REFUSED }
  }

  async function resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult> {
    const { path, kind } = args
    // A `require.resolve` that is left is one that nobody can follow.
    if (isBuiltin(path) || kind === "require-resolve") return { path, external: true }
    const type = args.with["type"]
    if (type !== undefined && type !== "json") return refuse(args, `is asked for as ${type}`)
    const found = await find(build, args)
    if (!found) {
      options.onMissing(path, args.importer)
      return { path, external: true }
    }
    if (found.namespace !== "file") return refuse(args, "is not a file of a package")
    const refusal = refusalOf(found.path)
    // A package that is not installed may exist further up on this machine: for the bundle it does not.
    if (refusal && isBare(path) && !found.path.startsWith(folder + sep)) {
      options.onMissing(path, args.importer)
      return { path, external: true }
    }
    return refusal ? refuse(args, refusal) : { path: found.path, sideEffects: found.sideEffects }
  }

  return {
    name: "installed-only",
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) =>
        args.pluginData === ASKED_HERE ? undefined : resolve(build, args),
      )
      build.onLoad({ filter: /.*/, namespace: REFUSED }, ({ path }) => ({
        contents: `throw new Error(${JSON.stringify(path)})`,
      }))
    },
  }
}

/** As Node finds it for this kind of import, or for the other kind: a package may have a door for one only. */
async function find(build: PluginBuild, args: OnResolveArgs) {
  const { importer, namespace, resolveDir } = args
  const kinds = args.kind === "require-call" ? (["require-call", "import-statement"] as const) : [args.kind]
  for (const kind of kinds) {
    const question = { importer, namespace, resolveDir, kind, pluginData: ASKED_HERE }
    const found = await build.resolve(args.path, question)
    if (found.errors.length === 0 && !found.external) return found
  }
  return undefined
}

/** The first line of a file that names what it asks for. */
function lineOf(specifier: string, file: string): string {
  if (!statSync(file, { throwIfNoEntry: false })?.isFile()) return ""
  const [before = "", ...others] = readFileSync(file, "utf8").split(specifier)
  return others.length === 0 ? "" : `:${before.split("\n").length}`
}

function isBare(path: string): boolean {
  return !path.startsWith(".") && !path.startsWith("file:") && !isAbsolute(path)
}
