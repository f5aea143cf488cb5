import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { findPostgres } from "../postgres/find-postgres.ts"

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hooklane-find-postgres-"))
  mkdirSync(join(dir, "bin"))
  // The fake tools are shell scripts that need these.
  for (const tool of ["sh", "cp", "mkdir", "touch"]) symlinkSync(`/bin/${tool}`, join(dir, "bin", tool))
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function script(path: string, body: string): void {
  mkdirSync(join(path, ".."), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
}

function server(bin: string, version: string): void {
  for (const name of ["initdb", "postgres"]) script(join(bin, name), `echo "${name} (PostgreSQL) ${version}"`)
}

/** An apt that knows PostgreSQL 16, and a dpkg that unpacks it. */
function fakeApt(): void {
  script(
    join(dir, "bin/apt-get"),
    `case "$*" in
       *--simulate*postgresql-16) echo "Inst libpq5 (16)"; echo "Inst libllvm17 (17)"; echo "Inst postgresql-16 (16)";;
       *--simulate*) exit 100;;
       *download*) echo "$*" > ${dir}/downloaded; touch a.deb;;
     esac`,
  )
  server(join(dir, "package/usr/lib/postgresql/16/bin"), "16.4")
  script(join(dir, "bin/dpkg"), `mkdir -p "$3"; cp -r ${dir}/package/. "$3"`)
}

function find() {
  return findPostgres({
    path: join(dir, "bin"),
    cacheDir: join(dir, "cache"),
    installedIn: [join(dir, "lib/*/bin")],
    note: () => {},
  })
}

test("one on PATH goes before everything else", async () => {
  server(join(dir, "bin"), "17.2")
  server(join(dir, "lib/16/bin"), "16.4")
  expect(await find()).toEqual({ bin: join(dir, "bin"), from: "PATH" })
})

test("one that is installed beside others is found, and one that is too old is not taken", async () => {
  server(join(dir, "bin"), "9.6")
  server(join(dir, "lib/14/bin"), "14.11 (Debian 14.11-1)")
  server(join(dir, "lib/16/bin"), "16.4")
  expect(await find()).toMatchObject({ bin: join(dir, "lib/16/bin") })
})

test("the distribution's own is downloaded without what it does not need, once", async () => {
  fakeApt()
  const unpacked = join(dir, "cache/debian")
  const found = await find()
  expect(found).toMatchObject({ bin: join(unpacked, "usr/lib/postgresql/16/bin"), from: "fetched before" })
  expect(found.libraryPath).toContain(unpacked)
  expect(readFileSync(join(dir, "downloaded"), "utf8")).toMatch(/download postgresql-16 libpq5$/m)
  rmSync(join(dir, "bin/apt-get"))
  expect(await find()).toEqual(found)
})

test("where there is none, every way is named", async () => {
  const reasons = ["initdb is not on PATH", "none is installed", "nothing was fetched", "no apt-get"]
  const refusal = await find().catch((error: Error) => error.message)
  for (const reason of ["apt install postgresql", ...reasons]) expect(refusal).toContain(reason)
})
