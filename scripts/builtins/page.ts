import { join } from "node:path"
import type { Members } from "./node-builtins.ts"
import { lookFromHook } from "./probe.ts"

export const BUILTINS_PAGE = join(import.meta.dirname, "../../docs/builtins.md")

const HEAD = `# Node's modules, as hooks have them

Written by \`npm run builtins\` from Node's own list, by asking a hook in a real executor; a test fails when it is stale.

- **Node's**: the same as in any program.
- **Stand-in**: it is there and harmless: made for hooks, often with made-up values, or without effect.
- **Refuses**: it is there, and a call fails with \`ERR_HOOK_DENIED\`: it calls back when it is given a callback, rejects
  where it would give a promise, and throws otherwise.
- **Left out**: \`undefined\`.

Names that begin with \`_\` are Node's private ones, and not listed. What stand-ins do: [hooks.md](hooks.md#nodes-modules).
`

type State = "Node's" | "Stand-in" | "Refuses" | "Left out"
const STATES: readonly State[] = ["Node's", "Stand-in", "Refuses", "Left out"]

/** The document as it is to be. */
export async function builtinsPage(builtins: ReadonlyMap<string, Members>): Promise<string> {
  const seen = await lookFromHook(
    new Map([...builtins].map(([name, members]) => [name, [...members.keys()]])),
  )
  const sections = [...builtins].map(([name, members]) => {
    const found = seen[name]
    return section(name, (state) =>
      found ? [...members.keys()].filter((one) => stateOf(members.get(one), found[one]) === state) : [],
    )
  })
  return `${HEAD}\n| Module | | |\n|---|---|---|\n${sections.join("")}`
}

function section(name: string, membersIn: (state: State) => string[]): string {
  const title = name === "globalThis" ? "globals" : `\`${name}\``
  const rows = STATES.map((state) => [state, membersIn(state)] as const).filter(
    ([, members]) => members.length > 0,
  )
  if (rows.length === 0) return `| ${title} | Left out | the module |\n`
  return rows.map(([state, members]) => `| ${title} | ${state} | ${members.join(", ")} |\n`).join("")
}

function stateOf(real: string | undefined, seen: string | undefined): State {
  if (seen === undefined) return "Left out"
  if (seen === "refuses") return "Refuses"
  return seen === real ? "Node's" : "Stand-in"
}
