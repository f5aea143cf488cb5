import {
  type AnyNode,
  type ArrowFunctionExpression,
  type FunctionDeclaration,
  type FunctionExpression,
  type Program,
  parse,
} from "acorn"

/** What a walk knows of the place it is at. */
export interface Place {
  parent: AnyNode | undefined
  /** Whether a function around this place has a variable of this name. */
  isShadowed(name: string): boolean
}

export interface SyntaxTree {
  program: Program
  isModule: boolean
}

type FunctionNode = FunctionDeclaration | FunctionExpression | ArrowFunctionExpression

const PARSER = { ecmaVersion: "latest", allowReturnOutsideFunction: true, allowHashBang: true } as const

/** As Node reads a package's file: CommonJS, or an ES module; undefined for what is neither. */
export function parseFile(code: string): SyntaxTree | undefined {
  for (const sourceType of ["script", "module"] as const) {
    try {
      return { program: parse(code, { ...PARSER, sourceType }), isModule: sourceType === "module" }
    } catch {
      // It is of the other kind, or of none.
    }
  }
  return undefined
}

/**
 * Visits every node, from the outside inwards and in the order of the text.
 * @param names the variables whose shadows matter; a block's are taken for its function's
 */
export function walk(
  program: Program,
  names: readonly string[],
  visit: (node: AnyNode, place: Place) => void,
): void {
  const shadows: ReadonlySet<string>[] = []
  const isShadowed = (name: string) => shadows.some((one) => one.has(name))
  // Not by calls: a sum of a thousand texts is a thousand nodes deep.
  const pending: (Visit | "leave")[] = [{ node: program, parent: undefined }]
  for (let next = pending.pop(); next; next = pending.pop()) {
    if (next === "leave") {
      shadows.pop()
      continue
    }
    const { node, parent } = next
    visit(node, { parent, isShadowed })
    if (isFunction(node) || node.type === "Program") {
      shadows.push(declaredIn(node, names))
      pending.push("leave")
    }
    for (const child of childrenOf(node).reverse()) pending.push({ node: child, parent: node })
  }
}

interface Visit {
  node: AnyNode
  parent: AnyNode | undefined
}

function childrenOf(node: AnyNode): AnyNode[] {
  return Object.values(node)
    .flatMap((value: unknown) => (Array.isArray(value) ? value : [value]))
    .filter(isNode)
}

/** The names among `names` that a scope declares, its blocks included and its inner functions left out. */
function declaredIn(scope: FunctionNode | Program, names: readonly string[]): Set<string> {
  const declared = new Set<string>()
  const add = (pattern: AnyNode | null | undefined) => {
    for (const name of pattern ? namesOf(pattern) : []) if (names.includes(name)) declared.add(name)
  }
  if (scope.type !== "Program") {
    for (const parameter of scope.params) add(parameter)
    if (scope.type === "FunctionExpression") add(scope.id)
  }
  const pending = childrenOf(scope)
  for (let node = pending.pop(); node; node = pending.pop()) {
    if (node.type === "VariableDeclarator") add(node.id)
    if (node.type === "FunctionDeclaration" || node.type === "ClassDeclaration") add(node.id)
    if (node.type === "CatchClause") add(node.param)
    if (node.type === "ImportDeclaration") for (const { local } of node.specifiers) add(local)
    if (!isFunction(node)) pending.push(...childrenOf(node))
  }
  return declared
}

function namesOf(pattern: AnyNode): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name]
    case "ObjectPattern":
      return pattern.properties.flatMap((one) => namesOf(one.type === "Property" ? one.value : one))
    case "ArrayPattern":
      return pattern.elements.flatMap((one) => (one ? namesOf(one) : []))
    case "AssignmentPattern":
      return namesOf(pattern.left)
    case "RestElement":
      return namesOf(pattern.argument)
    default:
      return []
  }
}

function isFunction(node: AnyNode): node is FunctionNode {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression"
  )
}

function isNode(value: unknown): value is AnyNode {
  return typeof value === "object" && value !== null && "type" in value && typeof value.type === "string"
}
