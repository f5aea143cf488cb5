/**
 * `JSON.parse` takes any depth, but what walks the value afterwards, `JSON.stringify` first of all, has a stack
 * that ends. A hook's thread has a larger one than its worker, so depth is checked where the text comes in.
 */
export const MAX_JSON_DEPTH = 500

export function isTooDeep(json: string): boolean {
  // A text that is not longer cannot be deeper: the usual answer is not looked at.
  if (json.length <= 2 * MAX_JSON_DEPTH) return false
  let depth = 0
  let isInString = false
  for (let index = 0; index < json.length; index += 1) {
    const character = json[index]
    if (character === '"') isInString = !isInString
    else if (isInString) index += character === "\\" ? 1 : 0
    else if (character === "[" || character === "{") depth += 1
    else if (character === "]" || character === "}") depth -= 1
    if (depth > MAX_JSON_DEPTH) return true
  }
  return false
}
