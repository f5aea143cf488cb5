// @ts-check
import { join } from "node:path"
import { root, runWithPinnedNode } from "./bootstrap.mjs"

const TASKS = ["lint", "typecheck", "knip", "settings:check", "test", "build"]

process.env["TURBO_TELEMETRY_DISABLED"] = "1"
process.env["TURBO_NO_UPDATE_NOTIFIER"] = "1"

await runWithPinnedNode([
  join(root, "node_modules/turbo/bin/turbo"),
  "run",
  ...TASKS,
  // Whole outputs one after the other, as the commands alone would print them.
  "--log-order=grouped",
  "--log-prefix=none",
  // One failure does not hide the others.
  "--continue=always",
  ...process.argv.slice(2),
])
