import type { AnyNode } from "acorn"
import { transform } from "esbuild"
import { readRequires, textOf } from "./read-requires.ts"
import { parseFile, walk } from "./syntax-tree.ts"

/** What a hook's script asks for. */
export interface ScriptRequires {
  names: ReadonlySet<string>
  /** It may ask for any package that the hook declares. */
  isOpen: boolean
  /** How the specifiers begin that it computes, where that names a package and something below it. */
  beginnings: string[]
}

/**
 * What the script requires or imports, read from its syntax and never run. One that does not parse asks for nothing
 * by name, and could ask for anything.
 */
export async function requiresOf(script: string): Promise<ScriptRequires> {
  for (const loader of ["js", "ts"] as const) {
    const code = await withoutTypes(script, loader)
    const names = code === undefined ? undefined : plainRequires(code)
    if (code !== undefined && names) return { names, ...computedBy(code) }
  }
  return { names: new Set(), isOpen: true, beginnings: [] }
}

async function withoutTypes(script: string, loader: "js" | "ts"): Promise<string | undefined> {
  try {
    // Node strips types only: an import that looks unused stays.
    const tsconfigRaw = { compilerOptions: { verbatimModuleSyntax: true } }
    const { code } = await transform(script, { loader, tsconfigRaw, logLevel: "silent" })
    return code
  } catch {
    return undefined
  }
}

function plainRequires(code: string): Set<string> | undefined {
  const tree = parseFile(code)
  if (!tree) return undefined
  const names = new Set<string>()
  walk(tree.program, ["require"], (node, { isShadowed }) => {
    const name = specifierIn(node, isShadowed("require"))
    if (name !== undefined) names.add(name)
  })
  return names
}

function specifierIn(node: AnyNode, isRequireShadowed: boolean): string | undefined {
  switch (node.type) {
    case "ImportDeclaration":
    case "ExportAllDeclaration":
    case "ExportNamedDeclaration":
      return textOf(node.source ?? undefined)
    case "CallExpression": {
      const isRequire = node.callee.type === "Identifier" && node.callee.name === "require"
      return isRequire && !isRequireShadowed ? textOf(node.arguments[0]) : undefined
    }
    default:
      return undefined
  }
}

function computedBy(code: string) {
  const computed = readRequires(code)
  if (!computed) return { isOpen: false, beginnings: [] }
  const { texts, beginnings } = computed
  const isBelow = (text: string) => /^(?:@[^/.]+\/)?[^/.][^/]*\//.test(text)
  const isOpen = computed.isOpen || texts.length > 0 || !beginnings.every(isBelow)
  return { isOpen, beginnings: beginnings.filter(isBelow) }
}
