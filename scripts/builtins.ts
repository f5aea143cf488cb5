import { writeFileSync } from "node:fs"
import { MEMBERS_FILE, membersFile } from "./builtins/members-file.ts"
import { readBuiltins } from "./builtins/node-builtins.ts"
import { BUILTINS_PAGE, builtinsPage } from "./builtins/page.ts"

/** Writes down what this Node has, and then what hooks see of it. */
writeFileSync(MEMBERS_FILE, membersFile(readBuiltins()))
// What an executor runs is read from disk, so the file counts already.
writeFileSync(BUILTINS_PAGE, await builtinsPage())
console.log("docs/builtins.md is written")
