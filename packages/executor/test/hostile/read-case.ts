import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { triggerIdSchema } from "@hooklane/core"
import { z } from "zod"

/** An attack as data: a hook, and in words what must hold when it runs. */
const caseSchema = z.strictObject({
  id: z.string(),
  category: z.string(),
  trigger: triggerIdSchema,
  script: z.string(),
  mustHold: z.string(),
  secrets: z.record(z.string(), z.string()).default({}),
  payload: z.record(z.string(), z.unknown()),
})
export type HostileCase = z.infer<typeof caseSchema>

const FOLDER = join(import.meta.dirname, "cases")

/** The cases whose name begins like this. */
export function readCases(prefix: string): HostileCase[] {
  const names = readdirSync(FOLDER).filter((name) => name.startsWith(prefix))
  if (names.length === 0) throw new Error(`No case begins with ${prefix}`)
  return names.map((name) => caseSchema.parse(JSON.parse(readFileSync(join(FOLDER, name), "utf8"))))
}
