import type { AnyNode, CallExpression } from "acorn"

/** What is known of a specifier that is computed: how it begins, and whether that is all of it. */
interface Known {
  text: string
  isWhole: boolean
}

/** The values that variables are declared with, by name; of a name that is declared twice, none. */
export type Declared = ReadonlyMap<string, AnyNode>

/** Operators and declarations that are looked through. */
const MAX_DEPTH = 30

/**
 * How the specifiers begin that an expression can give; an empty text for one that can begin in any way. `__dirname`
 * is `.`, so that paths below it are relative ones.
 */
export function beginningsOf(expression: AnyNode, declared: Declared): Known[] {
  if (expression.type === "ConditionalExpression") {
    const { consequent, alternate } = expression
    return [consequent, alternate].flatMap((one) => beginningsOf(one, declared))
  }
  return [know(expression, declared, MAX_DEPTH)]
}

const UNKNOWN: Known = { text: "", isWhole: false }

function know(node: AnyNode, declared: Declared, depth: number): Known {
  if (depth === 0) return UNKNOWN
  const deeper = (one: AnyNode) => know(one, declared, depth - 1)
  switch (node.type) {
    case "Literal":
      return typeof node.value === "string" ? { text: node.value, isWhole: true } : UNKNOWN
    case "TemplateLiteral":
      return join(
        node.quasis.flatMap((quasi, index) => {
          const text = { text: quasi.value.cooked ?? "", isWhole: true }
          const inserted = node.expressions[index]
          return inserted ? [text, deeper(inserted)] : [text]
        }),
      )
    case "BinaryExpression":
      return node.operator === "+" ? join([deeper(node.left), deeper(node.right)]) : UNKNOWN
    case "Identifier": {
      if (node.name === "__dirname") return { text: ".", isWhole: true }
      const value = declared.get(node.name)
      return value ? deeper(value) : UNKNOWN
    }
    case "CallExpression":
      return isPathJoin(node)
        ? join(node.arguments.flatMap((one, at) => (at === 0 ? [deeper(one)] : [SLASH, deeper(one)])))
        : UNKNOWN
    default:
      return UNKNOWN
  }
}

const SLASH: Known = { text: "/", isWhole: true }

function join(parts: readonly Known[]): Known {
  const end = parts.findIndex((part) => !part.isWhole)
  const known = end < 0 ? parts : parts.slice(0, end + 1)
  return { text: known.map((part) => part.text).join(""), isWhole: end < 0 }
}

/** `path.join(…)`, `path.resolve(…)`, or either by its own name; an array's takes one argument. */
function isPathJoin({ callee, arguments: parts }: CallExpression): boolean {
  const name = callee.type === "MemberExpression" ? callee.property : callee
  if (name.type !== "Identifier" || parts.length < 2) return false
  return name.name === "join" || name.name === "resolve"
}
