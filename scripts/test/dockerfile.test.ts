import { readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { expect, test } from "vitest"

const ROOT = join(import.meta.dirname, "../..")

test("the image knows every workspace before it installs: npm refuses a lock file with workspaces that are not there", () => {
  const copied = readFileSync(join(ROOT, "Dockerfile"), "utf8").match(/^COPY \S+\/package\.json \S+$/gm)
  const nested = ["apps", "packages"].flatMap((dir) =>
    readdirSync(join(ROOT, dir)).map((name) => `${dir}/${name}`),
  )
  const workspaces = ["bench", ...nested]
  expect(copied).toEqual(workspaces.sort().map((path) => `COPY ${path}/package.json ${path}/`))
})
