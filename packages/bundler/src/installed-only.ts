import { realpathSync, statSync } from "node:fs"
import { isBuiltin } from "node:module"
import { extname, isAbsolute, sep } from "node:path"
import type { OnResolveArgs, OnResolveResult, Plugin, PluginBuild } from "esbuild"

export interface InstalledOnlyOptions {
  /** Where the packages are installed. */
  folder: string
  /** All files that go into a bundle. */
  maxSourceBytes: number
  /** Something is required that is not installed. */
  onMissing(specifier: string, importer: string): void
}

/** Marks the plugin's own questions, which esbuild is to answer by itself. */
const ASKED_HERE = { isAskedHere: true }

const LOADED_EXTENSIONS = new Set([".js", ".mjs", ".cjs", ".json", ""])

/**
 * Lets a bundle have what npm installed, and nothing else of this machine: Node's modules and what is not there are
 * left to the `require` of the run, and any other file is an error.
 */
export function installedOnly(options: InstalledOnlyOptions): Plugin {
  const folder = realpathSync(options.folder)
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

  async function resolve(build: PluginBuild, args: OnResolveArgs): Promise<OnResolveResult> {
    const { path, kind } = args
    // `require.resolve` has no meaning in a bundle.
    if (isBuiltin(path) || kind === "require-resolve") return { path, external: true }
    const type = args.with["type"]
    if (type !== undefined && type !== "json") return error(`${path} is asked for as ${type}`)
    const found = await find(build, args)
    if (!found) {
      options.onMissing(path, args.importer)
      return { path, external: true }
    }
    if (found.namespace !== "file") return error(`${path} is not a file of a package`)
    const refusal = refusalOf(found.path)
    // A package that is not installed may exist further up on this machine: for the bundle it does not.
    if (refusal && isBare(path) && !found.path.startsWith(folder + sep)) {
      options.onMissing(path, args.importer)
      return { path, external: true }
    }
    return refusal ? error(`${path} ${refusal}`) : { path: found.path, sideEffects: found.sideEffects }
  }

  return {
    name: "installed-only",
    setup(build) {
      build.onResolve({ filter: /.*/ }, (args) =>
        args.pluginData === ASKED_HERE ? undefined : resolve(build, args),
      )
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

function isBare(path: string): boolean {
  return !path.startsWith(".") && !path.startsWith("file:") && !isAbsolute(path)
}

function error(text: string): OnResolveResult {
  return { errors: [{ text }] }
}
