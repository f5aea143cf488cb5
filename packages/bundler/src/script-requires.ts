import { build, type Plugin } from "esbuild"

/** What the script requires or imports by name, read from its syntax and never run; nothing when it does not parse. */
export async function requiresOf(script: string): Promise<Set<string>> {
  return (await read(script, "js")) ?? (await read(script, "ts")) ?? new Set()
}

async function read(contents: string, loader: "js" | "ts"): Promise<Set<string> | undefined> {
  const found = new Set<string>()
  const collect: Plugin = {
    name: "collect",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (kind === "require-call" || kind === "import-statement") found.add(path)
        return { path, external: true }
      })
    },
  }
  try {
    await build({
      stdin: { contents, loader },
      bundle: true,
      write: false,
      platform: "node",
      format: "cjs",
      // Node strips types only: an import that looks unused stays.
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: true } },
      plugins: [collect],
      logLevel: "silent",
    })
    return found
  } catch {
    return undefined
  }
}
