import type { Config } from "@hooklane/core"
import kebabCase from "lodash/kebabCase.js"

/** The name that a hook is stored under: Auth0's form of it (`My Hook1` → `my-hook-1`), or as it was sent. */
export function storedHookName({ preserveNames }: Pick<Config, "preserveNames">, name: string): string {
  return preserveNames ? name : kebabCase(name)
}
