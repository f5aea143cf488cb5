import { join } from "node:path"
import type { Members } from "./node-builtins.ts"

/** Where executors read the names from. */
export const MEMBERS_FILE = join(import.meta.dirname, "../../packages/executor/src/contained/node/members.ts")

/** Modules that hooks get as names that refuse: their names have to be known without loading them. */
const DENIED = [
  "child_process",
  "cluster",
  "dgram",
  "domain",
  "ffi",
  "fs",
  "fs/promises",
  "http2",
  "inspector",
  "inspector/promises",
  "module",
  "repl",
  "sea",
  "sqlite",
  "test",
  "test/reporters",
  "trace_events",
  "tty",
  "v8",
  "vm",
  "wasi",
  "worker_threads",
]

/** The text of the file with the names. */
export function membersFile(builtins: ReadonlyMap<string, Members>): string {
  const lines = DENIED.map((name) => `${name}: ${[...(builtins.get(name) ?? new Map()).keys()].join(" ")}`)
  return `/** Written by \`npm run builtins\`: what Node's modules have that hooks may load and not use. */
const TEXT = \`
${lines.join("\n")}
\`

export const MEMBERS: Readonly<Record<string, readonly string[]>> = Object.fromEntries(
  TEXT.trim()
    .split("\\n")
    .map((line) => line.split(": "))
    .map(([module = "", names = ""]) => [module, names.split(" ")]),
)
`
}
