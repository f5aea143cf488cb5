import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const script = join(import.meta.dirname, "../builtins.ts")

// In a process of its own: to look at all of Node's modules, it loads some that change others.
// Elsewhere Node has other constants.
test.runIf(process.platform === "linux")(
  "docs/builtins.md says of every member of Node's modules how hooks have it",
  { timeout: 60_000 },
  async () => {
    const done = promisify(execFile)(process.execPath, [script, "--check"])
    await expect(done).resolves.toMatchObject({ stderr: "" })
  },
)
