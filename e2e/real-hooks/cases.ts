import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { packageRequestOf, triggerIdSchema } from "@hooklane/core"
import { z } from "zod"

/** A hook as people write them, and what has to come of it. */
const caseSchema = z.strictObject({
  /** What it is an instance of. */
  kind: z.string(),
  trigger: triggerIdSchema,
  /** Script and secrets name a server at `SERVER`. */
  script: z.string(),
  dependencies: z.record(z.string(), z.string()),
  secrets: z.record(z.string(), z.string()),
  event: z.looseObject({}),
  /** A part of the addresses that the server must hear. */
  mark: z.string().optional(),
  expected: z.strictObject({
    value: z.unknown().optional(),
    error: z.looseObject({}).optional(),
    /** A pattern that a line of output has to match. */
    logs: z.string().optional(),
    /** Requests that the server gets. */
    heard: z.int().optional(),
    /** A text that must not be told anywhere. */
    hidden: z.string().optional(),
  }),
})

export interface RealHook extends z.infer<typeof caseSchema> {
  name: string
}

/** Where scripts and secrets think that the server is. */
export const SERVER = "127.0.0.1:18999"

const folder = join(import.meta.dirname, "cases")

/** Those that need packages of the registry, or those that need none. */
export function readCases({ withPackages }: { withPackages: boolean }): RealHook[] {
  return readdirSync(folder)
    .map((file) => ({
      name: file.replace(".json", ""),
      ...caseSchema.parse(JSON.parse(readFileSync(join(folder, file), "utf8"))),
    }))
    .filter((one) => (packageRequestOf(one) !== undefined) === withPackages)
}
