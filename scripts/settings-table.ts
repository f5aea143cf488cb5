import { readFileSync, writeFileSync } from "node:fs"
import { join, relative } from "node:path"
import { parseArgs } from "node:util"
import { withSettings } from "./settings/render-table.ts"

/** Writes the table of settings into a document (README.md by default); with --check only says whether it is there. */
const { values, positionals } = parseArgs({ options: { check: { type: "boolean" } }, allowPositionals: true })
const file = positionals[0] ?? join(import.meta.dirname, "../README.md")
const name = relative(process.cwd(), file)

try {
  const document = readFileSync(file, "utf8")
  const wanted = withSettings(document)
  if (values.check && wanted !== document)
    throw new Error("its table of settings is stale: run npm run settings")
  if (!values.check) writeFileSync(file, wanted)
  console.log(`${name}: the table of settings is ${values.check ? "up to date" : "written"}`)
} catch (error) {
  console.error(`${name}: ${error instanceof Error ? error.message : error}`)
  process.exitCode = 1
}
