import { compileFunction } from "node:vm"
import { build, type Message } from "esbuild"
import { BuildFailure } from "./build-failure.ts"
import type { BuildLog } from "./build-log.ts"
import { installedOnly } from "./installed-only.ts"
import type { Entry } from "./protocol.ts"

export interface BundleOptions {
  /** The folder that holds `node_modules`. */
  folder: string
  entries: readonly Entry[]
  maxBundleBytes: number
  log: BuildLog
}

/** Comments and dead code go, so sources may be larger than the bundle. */
const SOURCE_PER_BUNDLE_BYTE = 10

/**
 * The packages as one script: the body of a function of `require`, `module`, `exports`, `__filename` and
 * `__dirname` whose `module.exports` has a loader for each specifier. Nothing is loaded before its loader is called.
 * The same files give the same text, wherever they lie.
 * @throws BuildFailure when esbuild refuses, or the bundle is too large
 */
export async function bundlePackages({
  folder,
  entries,
  maxBundleBytes,
  log,
}: BundleOptions): Promise<string> {
  const missing = new Set<string>()
  const guard = installedOnly({
    folder,
    maxSourceBytes: SOURCE_PER_BUNDLE_BYTE * maxBundleBytes,
    onMissing: (specifier) => missing.add(specifier),
  })
  const { outputFiles, warnings } = await build({
    stdin: { contents: loadersOf(entries), resolveDir: folder, sourcefile: "packages.js" },
    absWorkingDir: folder,
    bundle: true,
    write: false,
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
    plugins: [guard],
    logLevel: "silent",
  }).catch((error: unknown) => {
    throw new BuildFailure(describe(errorsOf(error)))
  })
  if (warnings.length > 0) log.write(describe(warnings))
  for (const specifier of [...missing].sort())
    log.write(`${specifier} is not installed: requiring it will throw`)
  const code = outputFiles?.[0]?.text ?? ""
  const bytes = Buffer.byteLength(code)
  if (bytes > maxBundleBytes)
    throw new BuildFailure(`The bundle has ${bytes} bytes; ${maxBundleBytes} are allowed`)
  checkSyntax(code)
  return code
}

/** esbuild does not look into regular expressions; what Node would not load is refused here. */
function checkSyntax(code: string): void {
  try {
    compileFunction(code, ["require", "module", "exports", "__filename", "__dirname"])
  } catch (error) {
    throw new BuildFailure(`Node cannot read the bundle: ${error instanceof Error ? error.message : error}`)
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
