import { build, type Plugin } from "esbuild"

/** What the script requires by name, read from its syntax and never run; nothing when it does not parse. */
export async function requiresOf(script: string): Promise<Set<string>> {
  const found = new Set<string>()
  const collect: Plugin = {
    name: "collect",
    setup({ onResolve }) {
      onResolve({ filter: /.*/ }, ({ path, kind }) => {
        if (kind === "require-call") found.add(path)
        return { path, external: true }
      })
    },
  }
  try {
    await build({
      stdin: { contents: script, loader: "js" },
      bundle: true,
      write: false,
      platform: "node",
      format: "cjs",
      tsconfigRaw: {},
      plugins: [collect],
      logLevel: "silent",
    })
    return found
  } catch {
    return new Set()
  }
}
