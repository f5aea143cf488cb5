import { parseDirectives, parseHostPatterns } from "@hooklane/core"
import type { HookEgress } from "./contained/egress/egress-rules.ts"

/** What a script asks of its executor. Of its powers it can only take away. */
export interface HookDirectives {
  isFresh: boolean
  isTypeScript: boolean
  /** Absent: as the deployment allows. */
  egress?: HookEgress
}

/** A fault is for the hook's author: one letter more in `egress=none` must not open the network. */
export function readDirectives(script: string): { directives: HookDirectives } | { fault: string } {
  const parsed = parseDirectives(script)
  if (parsed.fault !== undefined) return parsed
  const { state, language, egress } = parsed.directives
  try {
    return {
      directives: {
        isFresh: state === "fresh",
        isTypeScript: language === "typescript",
        ...(egress !== undefined && { egress: parseEgress(egress) }),
      },
    }
  } catch (error) {
    return { fault: error instanceof Error ? error.message : String(error) }
  }
}

function parseEgress(value: string): HookEgress {
  return value === "none" ? "none" : parseHostPatterns(value)
}
