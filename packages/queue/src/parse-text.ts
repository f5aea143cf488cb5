import type { z } from "zod"
import type { Log } from "./log.ts"

/** What the JSON in `text` is according to `schema`; undefined, and `complaint` in the log, when it is not. */
export function parseText<Schema extends z.ZodType>(
  schema: Schema,
  text: string,
  { log, complaint }: { log: Log; complaint: string },
): z.infer<Schema> | undefined {
  try {
    return schema.parse(JSON.parse(text))
  } catch (err) {
    log.error({ err }, complaint)
    return undefined
  }
}
