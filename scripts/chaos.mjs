// @ts-check
import { join } from "node:path"
import { root, runWithPinnedNode } from "./bootstrap.mjs"

await runWithPinnedNode([join(root, "e2e/chaos/main.ts"), ...process.argv.slice(2)])
