import { TRIGGERS } from "@hooklane/core"
import { startExecutors } from "@hooklane/executor"

/** What a value is, as a text that is the same in a hook when it is the same there. Runs in both. */
export function fingerprint(value: unknown): string {
  if (typeof value === "function") return `function ${Function.prototype.toString.call(value)}`
  if (typeof value !== "object" || value === null) return `${typeof value} ${String(value)}`
  if (Array.isArray(value)) return "array"
  return `object ${Object.keys(value).sort().join(" ")}`
}

/** By module and member; a member that is not there has no entry, nor has a module. */
export type Seen = Record<string, Record<string, string> | undefined>

/** Asks a hook in a real executor for all of these. */
export async function lookFromHook(asked: ReadonlyMap<string, readonly string[]>): Promise<Seen> {
  const executors = await startExecutors({
    threads: 1,
    maxExecutors: 1,
    maxResultBytes: 4_000_000,
    maxLogBytes: 65_536,
    log: { warn: () => {} },
  })
  try {
    const { outcome } = await executors.run(
      {
        snapshot: {
          versionId: "builtins",
          hookId: "builtins",
          triggerId: "credentials-exchange",
          script: SCRIPT,
          dependencies: {},
        },
        secrets: { ASKED: JSON.stringify(Object.fromEntries(asked)) },
        event: JSON.stringify(TRIGGERS["credentials-exchange"].sampleEvent),
        executionId: "builtins",
        attempt: 1,
        limits: { timeoutMs: 20_000, heapMb: 128 },
      },
      new AbortController().signal,
    )
    if (outcome.status !== "returned") throw new Error(`The hook failed: ${JSON.stringify(outcome)}`)
    return asSeen(outcome.value)
  } finally {
    await executors.close()
  }
}

const SCRIPT = `
const { types } = require("util")
${fingerprint.toString()}
const tell = (value) => typeof value === "function" && types.isProxy(value) ? "refuses" : fingerprint(value)
const look = (name) => { try { return name === "globalThis" ? globalThis : require(name) } catch {} }
module.exports = (client, scope, audience, context, cb) => {
  const seen = {}
  for (const [name, members] of Object.entries(JSON.parse(context.webtask.secrets.ASKED))) {
    const found = look(name)
    if (found === undefined) continue
    seen[name] = {}
    for (const member of members) if (member in found) seen[name][member] = tell(found[member])
  }
  cb(null, seen)
}`

/** The hook above made it. */
function asSeen(value: unknown): Seen {
  return value as Seen
}
