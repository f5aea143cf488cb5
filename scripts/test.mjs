// @ts-check
import { join } from "node:path"
import { root, runWithPinnedNode } from "./bootstrap.mjs"

await runWithPinnedNode([join(root, "node_modules/vitest/vitest.mjs"), "run", ...process.argv.slice(2)])
