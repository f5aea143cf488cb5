import type { AnyNode, Expression, Identifier } from "acorn"
import { beginningsOf, type Declared } from "./computed-specifier.ts"
import { type Place, parseFile, type SyntaxTree, walk } from "./syntax-tree.ts"

/** The variable that stands for `require` where esbuild cannot follow it. */
const STAND_IN = "hooklaneRequire"

/** What a file asks for in ways that only its run can tell. */
export interface ComputedRequires {
  /** How the computed specifiers begin, where that is known. */
  beginnings: string[]
  /** Specifiers that are known, and texts that are some if the file hands `require` on. */
  texts: string[]
  /** Something is required of which nothing is known. */
  isOpen: boolean
  /** The file with `hooklaneRequire` in these places, which the module `source` exports. */
  rewrite(source: string): string
}

interface Edit {
  start: number
  end: number
  text: string
}

interface Found {
  edits: Edit[]
  beginnings: string[]
  /** Known specifiers. */
  wholes: string[]
  /** Every text of the file. */
  literals: string[]
  isOpen: boolean
  /** Somebody else gets `require`. */
  isHandedOn: boolean
  usesModule: boolean
}

interface Reading {
  declared: Declared
  /** Other names of `require` in this file. */
  aliases: ReadonlySet<string>
  /** `require` is given another value: no use of it can be left to esbuild. */
  isReplaced: boolean
}

/** What is longer, or comes after so many, is data. */
const MAX_TEXT_CHARS = 120
const MAX_TEXTS = 500

const NAMES = ["require", "module"]

/** What only a module in Node has, and esbuild gives to none. */
const MODULE_MEMBERS = ["parent", "id", "filename", "paths", "children", "loaded", "constructor"]

/** Undefined for a file whose requires are all plain, or that cannot be read. */
export function readRequires(code: string): ComputedRequires | undefined {
  const tree = seemsComputed(code) ? parseFile(code) : undefined
  if (!tree) return undefined
  const found = collect(tree)
  if (found.edits.length === 0 && !found.usesModule) return undefined
  const literals = found.isHandedOn || found.isOpen ? found.literals : []
  const texts = [...new Set([...found.wholes, ...literals])].filter((text) => text.length <= MAX_TEXT_CHARS)
  return {
    beginnings: [...new Set(found.beginnings)].sort(),
    texts: texts.slice(0, MAX_TEXTS).sort(),
    isOpen: found.isOpen,
    rewrite: (source) => apply(code, [opening({ code, tree, found, source }), ...found.edits]),
  }
}

/** A quick look, so that most files need not be parsed. */
function seemsComputed(code: string): boolean {
  const rest = code.replace(/(?<![\w$.])(?:require|import)\(\s*(["'`])[^"'`\n$\\]*\1\s*\)/g, "")
  return /\brequire\b|\bimport\s*\(|\bcreateRequire\b|\bmodule\s*[,)[]/.test(rest)
}

function collect(tree: SyntaxTree): Found {
  const found: Found = {
    edits: [],
    beginnings: [],
    wholes: [],
    literals: [],
    isOpen: false,
    isHandedOn: false,
    usesModule: false,
  }
  const reading = readAssignments(tree)
  walk(tree.program, NAMES, (node, place) => {
    if (node.type === "Identifier") takeVariable(found, reading, node, place)
    else takeExpression(found, reading, node, place)
  })
  found.isHandedOn ||= reading.isReplaced
  return found
}

function takeExpression(found: Found, reading: Reading, node: AnyNode, place: Place): void {
  if (node.type === "Literal" && typeof node.value === "string") found.literals.push(node.value)
  if (node.type === "ImportExpression" && textOf(node.source) === undefined) {
    const end = node.start + "import".length
    found.edits.push({ start: node.start, end, text: `${STAND_IN}.import` })
    takeSpecifier(found, reading, node.source)
  }
  if (isModuleRequire(node) && !place.isShadowed("module")) {
    found.edits.push({ start: node.start, end: node.end, text: STAND_IN })
    if (place.parent?.type === "CallExpression") takeSpecifier(found, reading, place.parent.arguments[0])
    found.isHandedOn ||= place.parent?.type !== "CallExpression"
  }
  if (node.type !== "CallExpression") return
  const { callee } = node
  if (nameOf(callee) === "createRequire") {
    found.edits.push({ start: node.start, end: node.end, text: STAND_IN })
    found.isHandedOn = true
  } else if (callee.type === "Identifier" && reading.aliases.has(callee.name)) {
    takeSpecifier(found, reading, node.arguments[0])
  }
}

function takeVariable(found: Found, reading: Reading, node: Identifier, place: Place): void {
  if (place.isShadowed(node.name) || !isVariable(node, place)) return
  if (node.name === "module") takeModule(found, place)
  if (node.name === "require") takeRequire(found, reading, node, place)
}

function takeRequire(found: Found, reading: Reading, node: Identifier, { parent }: Place): void {
  if (parent?.type === "UnaryExpression") return
  const isCalled = parent?.type === "CallExpression" && parent.callee === node
  const isPlain = isCalled && parent.arguments.length === 1 && textOf(parent.arguments[0]) !== undefined
  if (isPlain && !reading.isReplaced) return
  const isShorthand = parent?.type === "Property" && parent.shorthand
  const text = isShorthand ? `require: ${STAND_IN}` : STAND_IN
  found.edits.push({ start: node.start, end: node.end, text })
  if (isCalled) takeSpecifier(found, reading, parent.arguments[0])
  else if (!isAliasing(parent)) found.isHandedOn = true
}

/** What has the alias called is looked at by itself. */
function isAliasing(parent: AnyNode | undefined): boolean {
  return assignmentIn(parent)[0] !== undefined
}

function takeModule(found: Found, { parent }: Place): void {
  if (isModuleRequire(parent)) return
  if (parent?.type === "MemberExpression") {
    const name = parent.computed ? textOf(parent.property) : nameOf(parent.property)
    if (name === undefined || !MODULE_MEMBERS.includes(name)) return
    found.usesModule = true
    found.isHandedOn ||= name === "parent" || name === "constructor"
  } else if (parent?.type === "CallExpression" || parent?.type === "NewExpression") {
    found.usesModule = true
    found.isHandedOn = true
  }
}

function takeSpecifier(found: Found, { declared }: Reading, specifier: AnyNode | undefined): void {
  if (!specifier) return
  for (const { text, isWhole } of beginningsOf(specifier, declared)) {
    if (isWhole) found.wholes.push(text)
    else if (text === "") found.isOpen = true
    else found.beginnings.push(text)
  }
}

function readAssignments({ program }: SyntaxTree): Reading {
  const values = new Map<string, AnyNode | undefined>()
  const aliases = new Set<string>()
  let isReplaced = false
  walk(program, NAMES, (node, { isShadowed }) => {
    const [name, value] = assignmentIn(node)
    if (name === undefined) return
    values.set(name, values.has(name) ? undefined : value)
    if (isShadowed("require")) return
    isReplaced ||= name === "require" && node.type === "AssignmentExpression"
    if (nameOf(value) === "require") aliases.add(name)
  })
  const declared = [...values].flatMap(([name, value]) => (value ? [[name, value] as const] : []))
  return { declared: new Map(declared), aliases, isReplaced }
}

function assignmentIn(node: AnyNode | undefined): [name?: string, value?: Expression] {
  if (node?.type === "VariableDeclarator" && node.id.type === "Identifier" && node.init)
    return [node.id.name, node.init]
  if (node?.type === "AssignmentExpression" && node.left.type === "Identifier")
    return [node.left.name, node.right]
  return []
}

function isModuleRequire(node: AnyNode | undefined): boolean {
  if (node?.type !== "MemberExpression" || nameOf(node.object) !== "module") return false
  return (node.computed ? textOf(node.property) : nameOf(node.property)) === "require"
}

/** Whether a name stands for the variable, and not for a property or a label. */
function isVariable(node: Identifier, { parent }: Place): boolean {
  switch (parent?.type) {
    case "MemberExpression":
      return parent.object === node || parent.computed
    case "Property":
      return parent.value === node || parent.computed
    case "MethodDefinition":
    case "PropertyDefinition":
      return parent.value === node || parent.computed
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "ImportSpecifier":
    case "ExportSpecifier":
      return false
    default:
      return true
  }
}

/** The text that an expression is. */
export function textOf(node: AnyNode | undefined): string | undefined {
  if (node?.type === "Literal") return typeof node.value === "string" ? node.value : undefined
  if (node?.type !== "TemplateLiteral" || node.expressions.length > 0) return undefined
  return node.quasis[0]?.value.cooked ?? undefined
}

function nameOf(node: AnyNode | undefined): string | undefined {
  if (node?.type === "MemberExpression" && !node.computed) return nameOf(node.property)
  return node?.type === "Identifier" ? node.name : undefined
}

interface Opening {
  code: string
  tree: SyntaxTree
  found: Found
  source: string
}

/** Behind what must stay first: `#!` and `"use strict"`. */
function opening({ code, tree: { program, isModule }, found, source }: Opening): Edit {
  const name = JSON.stringify(source)
  if (isModule) return { start: code.length, end: code.length, text: `\nimport ${STAND_IN} from ${name};\n` }
  const directives = program.body.filter((one) => one.type === "ExpressionStatement" && one.directive)
  const at = directives.at(-1)?.end ?? program.body[0]?.start ?? code.length
  const places = ["__filename", "__dirname"].filter((one) => code.includes(one) && !declares(code, one))
  const variables = [`${STAND_IN} = require(${name})`, ...places.map((one) => `${one} = ${STAND_IN}.${one}`)]
  const adoption = found.usesModule ? ` ${STAND_IN}.adopt(module);` : ""
  return { start: at, end: at, text: `;var ${variables.join(", ")};${adoption}` }
}

function declares(code: string, name: string): boolean {
  return new RegExp(`\\b(?:const|let|class|function)\\s+${name}\\b`).test(code)
}

function apply(code: string, edits: readonly Edit[]): string {
  let text = ""
  let at = 0
  for (const { start, end, text: replacement } of [...edits].sort((a, b) => a.start - b.start)) {
    // Of two that overlap, the outer one holds: it begins first.
    if (start < at) continue
    text += code.slice(at, start) + replacement
    at = end
  }
  return text + code.slice(at)
}
