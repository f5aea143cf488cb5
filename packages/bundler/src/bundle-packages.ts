import { realpathSync } from "node:fs"
import { compileFunction } from "node:vm"
import { type BuildOptions, build, type Message, type Metafile } from "esbuild"
import { BuildFailure } from "./build-failure.ts"
import type { BuildLog } from "./build-log.ts"
import { computedRequires, REQUIRE_OF } from "./computed-requires.ts"
import { installedOnly, type Refusal } from "./installed-only.ts"
import type { Entry } from "./protocol.ts"
import type { Reach } from "./require-candidates.ts"

export interface BundleOptions {
  /** The folder that holds `node_modules`. */
  folder: string
  entries: readonly Entry[]
  /** The packages that the hook declares. */
  declared?: readonly string[]
  maxBundleBytes: number
  log: BuildLog
}

/** Comments and dead code go, so sources may be larger than the bundle. */
const SOURCE_PER_BUNDLE_BYTE = 10
const ENTRY = "packages.js"

/** What packages compute is the first thing to go when not all fits. */
const REACHES = ["all", "named", "none"] as const

/**
 * The packages as one script: the body of a function of `require`, `module`, `exports`, `__filename` and
 * `__dirname` whose `module.exports` has a loader for each specifier. Nothing is loaded before its loader is called.
 * The same files give the same text, wherever they lie.
 * @throws BuildFailure when esbuild refuses, or the bundle is too large
 */
export async function bundlePackages(options: BundleOptions): Promise<string> {
  const { log } = options
  let leftOut: string | undefined
  for (const reach of REACHES) {
    const attempt = await tryReach(options, reach)
    if (attempt.failure === undefined) {
      if (leftOut !== undefined) log.write(`${CUT[reach]} (with more: ${leftOut})`)
      for (const line of attempt.remarks) log.write(line)
      return attempt.code
    }
    leftOut ??= attempt.failure
    if (reach === "none" || !attempt.isComputing) throw new BuildFailure(attempt.failure)
  }
  throw new BuildFailure("There is nothing to bundle")
}

const CUT: Record<Reach | "none", string> = {
  all: "",
  named: "Of what packages compute and require as they run, the bundle has only what their files name",
  none: "The bundle has nothing of what packages compute and require as they run: that will throw",
}

interface Attempt {
  code: string
  /** Why there is no bundle; its code is empty then. */
  failure?: string
  /** Some file computes what it requires, so with less reach this might end in another way. */
  isComputing: boolean
  remarks: string[]
}

async function tryReach(options: BundleOptions, reach: Reach | "none"): Promise<Attempt> {
  const { entries, declared = [], maxBundleBytes } = options
  const root = realpathSync(options.folder)
  const missing = new Set<string>()
  const leftOut = new Set<string>()
  const refusals: Refusal[] = []
  let isComputing = false
  const failed = (failure: string): Attempt => ({ code: "", failure, isComputing, remarks: [] })
  const result = await build({
    ...ESBUILD_OPTIONS,
    stdin: { contents: loadersOf(entries), resolveDir: root, sourcefile: ENTRY },
    absWorkingDir: root,
    plugins: [
      computedRequires({
        root,
        declared,
        reach,
        onComputed: () => {
          isComputing = true
        },
        onLeftOut: (refusal) => leftOut.add(refusal),
      }),
      installedOnly({
        folder: root,
        maxSourceBytes: SOURCE_PER_BUNDLE_BYTE * maxBundleBytes,
        onMissing: (specifier) => missing.add(specifier),
        onRefused: (refusal) => refusals.push(refusal),
      }),
    ],
  }).catch((error: unknown) => describe(errorsOf(error)))
  if (typeof result === "string") return failed(result)
  const needed = neededFiles(result.metafile)
  const fatal = refusals.filter(({ importer }) => needed.has(importer))
  if (fatal.length > 0)
    return failed(
      fatal
        .map(({ message }) => message)
        .sort()
        .join("\n"),
    )
  const code = result.outputFiles[0]?.text ?? ""
  const bytes = Buffer.byteLength(code)
  if (bytes > maxBundleBytes) return failed(`The bundle has ${bytes} bytes; ${maxBundleBytes} are allowed`)
  const syntaxError = syntaxErrorOf(code)
  if (syntaxError) return failed(syntaxError)
  const absent = [...missing]
    .sort()
    .map((specifier) => `${specifier} is not installed: requiring it will throw`)
  const cut = [...leftOut]
    .sort()
    .map((refusal) => `${refusal}: what packages compute and require there will throw`)
  return { code, isComputing, remarks: [describe(result.warnings), ...absent, ...cut] }
}

const ESBUILD_OPTIONS = {
  bundle: true,
  write: false,
  metafile: true,
  platform: "node",
  target: "node26",
  format: "cjs",
  // "module" would give `require` a package's other build, which Node would not.
  conditions: [],
  loader: { ".js": "js", ".mjs": "js", ".cjs": "js", ".json": "json", "": "js" },
  tsconfigRaw: {},
  define: {
    "import.meta.url": '"file:///packages.js"',
    "import.meta.filename": '"/packages.js"',
    "import.meta.dirname": '"/"',
  },
  // A hook's context has no `import()`.
  supported: { "dynamic-import": false },
  charset: "utf8",
  legalComments: "none",
  logLevel: "silent",
} satisfies BuildOptions

/** The files that the entries lead to, without what is there for computed requires only. */
function neededFiles({ inputs }: Metafile): ReadonlySet<string> {
  const needed = new Set<string>([ENTRY])
  for (const path of needed) {
    const imports = inputs[path]?.imports ?? []
    for (const one of imports) if (!one.path.startsWith(REQUIRE_OF)) needed.add(one.path)
  }
  return needed
}

/** esbuild does not look into regular expressions; what Node would not load is refused here. */
function syntaxErrorOf(code: string): string | undefined {
  try {
    compileFunction(code, ["require", "module", "exports", "__filename", "__dirname"])
    return undefined
  } catch (error) {
    return `Node cannot read the bundle: ${error instanceof Error ? error.message : error}`
  }
}

function loadersOf(entries: readonly Entry[]): string {
  const loaders = entries.map(
    ({ specifier, target }) => `${JSON.stringify(specifier)}: () => require(${JSON.stringify(target)}),`,
  )
  return `module.exports = {\n${loaders.join("\n")}\n}\n`
}

/** What esbuild found wrong; anything else is ours and goes on. */
function errorsOf(error: unknown): Message[] {
  if (error instanceof Error && "errors" in error && Array.isArray(error.errors)) return error.errors
  throw error
}

function describe(messages: readonly Message[]): string {
  return messages
    .map(({ text, location }) => (location ? `${location.file}:${location.line}: ${text}` : text))
    .join("\n")
}
