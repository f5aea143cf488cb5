import { readFileSync } from "node:fs"
import { expect, test } from "vitest"
import { MEMBERS_FILE, membersFile } from "../builtins/members-file.ts"
import { readBuiltins } from "../builtins/node-builtins.ts"
import { BUILTINS_PAGE, builtinsPage } from "../builtins/page.ts"

test("executors know what Node's denied modules have (npm run builtins)", () => {
  expect(readFileSync(MEMBERS_FILE, "utf8")).toBe(membersFile(readBuiltins()))
})

test("docs/builtins.md says of each member of Node's modules how hooks have it (npm run builtins)", async () => {
  expect(await builtinsPage()).toBe(readFileSync(BUILTINS_PAGE, "utf8"))
})
