import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, describe, expect, test } from "vitest"
import { findBwrap } from "../bwrap/find-bwrap.ts"

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hooklane-find-bwrap-"))
  mkdirSync(join(dir, "bin"))
  for (const tool of ["sh", "cp", "mkdir", "touch"]) symlinkSync(`/bin/${tool}`, join(dir, "bin", tool))
})
afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function onPath(name: string, body: string): void {
  writeFileSync(join(dir, "bin", name), `#!/bin/sh\n${body}\n`)
  chmodSync(join(dir, "bin", name), 0o755)
}

function find(options?: { limitMs: number }) {
  return findBwrap({ path: join(dir, "bin"), cacheDir: join(dir, "cache"), note: () => {} }, options)
}

describe.runIf(process.platform === "linux")("bubblewrap", () => {
  test("is the one on the PATH", async () => {
    onPath("bwrap", "exit 0")
    expect(await find()).toEqual({ path: join(dir, "bin/bwrap") })
  })

  test("is fetched from the distribution, once", async () => {
    onPath(
      "apt-get",
      `case "$*" in *--simulate*) echo "Inst bubblewrap (0.8 Debian:12 [amd64])";; *download*) touch b.deb;; esac`,
    )
    onPath(
      "dpkg",
      `mkdir -p "$3/usr/bin"; echo "#!/bin/sh" > "$3/usr/bin/bwrap"; exec /bin/chmod 755 "$3/usr/bin/bwrap"`,
    )
    const path = join(dir, "cache/debian/usr/bin/bwrap")
    expect(await find()).toEqual({ path })
    rmSync(join(dir, "bin/apt-get"))
    expect(await find()).toEqual({ path })
    expect(existsSync(path)).toBe(true)
  })

  test("is missing with every reason", async () => {
    onPath("bwrap", "echo 'no such library' >&2; exit 127")
    expect(await find()).toEqual({
      missing: expect.stringMatching(
        /bwrap does not run: .*no such library.*; nothing was fetched before; this is not Debian or Ubuntu/s,
      ),
    })
  })

  test("is not waited for longer than the limit", async () => {
    onPath("apt-get", "exec /bin/sleep 1")
    onPath("dpkg", "exit 0")
    expect(await find({ limitMs: 200 })).toEqual({
      missing: expect.stringMatching(/took longer than 0.2 s$/),
    })
  })
})
