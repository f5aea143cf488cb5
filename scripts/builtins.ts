import { readFileSync, writeFileSync } from "node:fs"
import { parseArgs } from "node:util"
import { MEMBERS_FILE, membersFile } from "./builtins/members-file.ts"
import { readBuiltins } from "./builtins/node-builtins.ts"
import { BUILTINS_PAGE, builtinsPage } from "./builtins/page.ts"

/** Writes down what this Node has, and then what hooks see of it; with --check only says whether that was done. */
const { values } = parseArgs({ options: { check: { type: "boolean" } } })
// Some of what is looked at is experimental or old, and says so.
process.removeAllListeners("warning")
const builtins = readBuiltins()

try {
  keep(MEMBERS_FILE, membersFile(builtins))
  // An executor reads the file from disk, so it counts already.
  keep(BUILTINS_PAGE, await builtinsPage(builtins))
} catch (error) {
  console.error(error instanceof Error ? error.message : error)
  process.exitCode = 1
}

function keep(file: string, wanted: string): void {
  if (!values.check) writeFileSync(file, wanted)
  else if (readFileSync(file, "utf8") !== wanted) throw new Error(`${file} is stale: run npm run builtins`)
}
