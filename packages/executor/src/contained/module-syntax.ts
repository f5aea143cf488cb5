import { createRequire } from "node:module"
import type {
  ExportDefaultDeclaration,
  ExportNamedDeclaration,
  ImportDeclaration,
  ImportSpecifier,
  Program,
} from "acorn"

/**
 * Rewrites the syntax of ES modules to CommonJS. Each statement is replaced where it stands and keeps its line
 * breaks, so that every line keeps its number. Imports run where they stand, too: they are not moved to the top.
 */

interface Edit {
  start: number
  end: number
  text: string
}

interface Rewriting {
  script: string
  edits: Edit[]
  /** What is exported in the end, when the script could not be told so where it says it. */
  ending: string
}

/** The script as CommonJS; undefined when it has no statement of an ES module. */
export function toCommonJs(script: string): string | undefined {
  const { body } = parseModule(script)
  const rewriting: Rewriting = { script, edits: [], ending: "" }
  for (const statement of body) rewriteStatement(rewriting, statement)
  return rewriting.edits.length > 0 ? apply(rewriting) : undefined
}

/** @throws SyntaxError of acorn's, with the place in `loc` */
function parseModule(script: string): Program {
  // Loaded when it is needed: most hooks are CommonJS.
  const { parse }: typeof import("acorn") = createRequire(import.meta.url)("acorn")
  const tolerant = { allowReturnOutsideFunction: true, allowHashBang: false }
  return parse(script, { ecmaVersion: "latest", sourceType: "module", preserveParens: true, ...tolerant })
}

function rewriteStatement(rewriting: Rewriting, statement: Program["body"][number]): void {
  switch (statement.type) {
    case "ImportDeclaration":
      replace(rewriting, statement, importAsRequire(statement))
      return
    case "ExportAllDeclaration":
      replace(rewriting, statement, `require(${statement.source.raw});`)
      return
    case "ExportNamedDeclaration":
      rewriteNamedExport(rewriting, statement)
      return
    case "ExportDefaultDeclaration":
      rewriteDefaultExport(rewriting, statement)
  }
}

function importAsRequire({ specifiers, source }: ImportDeclaration): string {
  const required = `require(${source.raw})`
  if (specifiers.length === 0) return `${required};`
  const named = specifiers.filter((one) => one.type === "ImportSpecifier")
  const bindings = specifiers.flatMap((one) => {
    if (one.type === "ImportDefaultSpecifier") return `${one.local.name} = ${defaultOf(required)}`
    return one.type === "ImportNamespaceSpecifier" ? `${one.local.name} = ${required}` : []
  })
  if (named.length > 0) bindings.push(`{ ${named.map(asProperty).join(", ")} } = ${required}`)
  return `const ${bindings.join(", ")};`
}

function asProperty({ imported, local }: ImportSpecifier): string {
  return `${imported.type === "Identifier" ? imported.name : imported.raw}: ${local.name}`
}

/** A CommonJS module is its own default, unless it was an ES module once. */
function defaultOf(required: string): string {
  return `((m) => (m?.__esModule ? m.default : m))(${required})`
}

/** A name that is exported has no reader: a hook is what its module exports as a whole. */
function rewriteNamedExport(rewriting: Rewriting, statement: ExportNamedDeclaration): void {
  const { declaration, specifiers, source, start } = statement
  if (declaration) {
    replace(rewriting, { start, end: declaration.start }, "")
    return
  }
  const hook = specifiers.find(({ exported }) => nameOf(exported) === "default")
  replace(rewriting, statement, source ? `require(${source.raw});` : ";")
  if (!hook) return
  const local = nameOf(hook.local)
  if (!source) rewriting.ending = local
  else if (local === "default") rewriting.ending = defaultOf(`require(${source.raw})`)
  else rewriting.ending = `require(${source.raw})[${JSON.stringify(local)}]`
}

function nameOf(name: ExportNamedDeclaration["specifiers"][number]["exported"]): string {
  return name.type === "Identifier" ? name.name : String(name.value)
}

function rewriteDefaultExport(rewriting: Rewriting, { start, declaration }: ExportDefaultDeclaration): void {
  const head = { start, end: declaration.start }
  const isDeclaration = declaration.type === "FunctionDeclaration" || declaration.type === "ClassDeclaration"
  if (isDeclaration && declaration.id) {
    // It stays a declaration: other code may call it by its name, also further up.
    replace(rewriting, head, "")
    rewriting.ending = declaration.id.name
    return
  }
  replace(rewriting, head, "module.exports=")
  const { end } = declaration
  // A declaration ends without one; an expression would go on in the next line.
  if (isDeclaration) rewriting.edits.push({ start: end, end, text: ";" })
}

/** Fills up with blanks, so that what follows in the line stays where it is if there is room. */
function replace({ script, edits }: Rewriting, { start, end }: Omit<Edit, "text">, text: string): void {
  const replaced = script.slice(start, end)
  const lineBreaks = replaced.replace(/[^\n]/g, "")
  edits.push({ start, end, text: lineBreaks ? text + lineBreaks : text.padEnd(replaced.length) })
}

function apply({ script, edits, ending }: Rewriting): string {
  let rewritten = ""
  let position = 0
  for (const { start, end, text } of edits) {
    rewritten += script.slice(position, start) + text
    position = end
  }
  return `${rewritten}${script.slice(position)}${ending && `\n;module.exports = ${ending}`}`
}
