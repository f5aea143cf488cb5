// @ts-check
import { join } from "node:path"
import { root, runWithPinnedNode } from "./bootstrap.mjs"

const vitest = join(root, "node_modules/vitest/vitest.mjs")
await runWithPinnedNode([vitest, "run", "--root", join(root, "e2e/libraries"), ...process.argv.slice(2)])
