import { readFileSync } from "node:fs"
import { join } from "node:path"
import { SETTINGS } from "@hooklane/core"
import { expect, test } from "vitest"

const compose = readFileSync(join(import.meta.dirname, "../../docker-compose.yml"), "utf8")

/** What the image or the file itself decides. */
const FIXED = ["HOST", "PORT", "HOOKLANE_DATA_DIR"]

/** Names of the variables in the block that starts with `title`, up to the next block beside it. */
function variables(title: string): string[] {
  const [, block = ""] = compose.split(`\n${title}`)
  const indent = title.length - title.trimStart().length
  const end = block.search(new RegExp(`\\n {0,${indent}}\\S`))
  return Array.from(block.slice(0, end).matchAll(/^ +([A-Z_]+):/gm), ([, name = ""]) => name)
}

test.each(["gateway", "worker"] as const)(
  "every setting of the %s can be given to its container, and no other",
  (name) => {
    const passed = [...variables("x-settings:"), ...variables(`  ${name}:`)].sort()
    const settings = Object.values(SETTINGS).filter(({ usedBy }) => usedBy.some((user) => user === name))
    expect(passed).toEqual(
      settings
        .map(({ env }) => env)
        .filter((env) => !FIXED.includes(env))
        .sort(),
    )
  },
)
