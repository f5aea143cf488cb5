import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { openLogFile } from "../launcher/log-file.ts"

function emptyDir(): string {
  const dir = mkdtempSync(join(tmpdir(), "hooklane-log-"))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  return join(dir, "logs")
}

test("it never takes more than its size times the files that are kept", () => {
  const dir = emptyDir()
  const log = openLogFile({ path: join(dir, "x.log"), maxBytes: 100, keep: 2 })
  for (let line = 10; line < 60; line += 1) log.write(`line ${line}, ${"x".repeat(30)}\n`)
  log.close()
  expect(readdirSync(dir).sort()).toEqual(["x.log", "x.log.1", "x.log.2"])
  for (const name of readdirSync(dir)) expect(statSync(join(dir, name)).size).toBeLessThanOrEqual(100)
  expect(readFileSync(join(dir, "x.log"), "utf8")).toContain("line 59")
  expect(readFileSync(join(dir, "x.log.1"), "utf8")).toContain("line 57")
})

test("a restart goes on where the last one stopped, also with its size", () => {
  const path = join(emptyDir(), "x.log")
  const first = openLogFile({ path, maxBytes: 20, keep: 1 })
  first.write("0123456789\n")
  first.close()
  const second = openLogFile({ path, maxBytes: 20, keep: 1 })
  second.write("abcdefghij\n")
  second.close()
  expect(readFileSync(path, "utf8")).toBe("abcdefghij\n")
  expect(readFileSync(`${path}.1`, "utf8")).toBe("0123456789\n")
})

test("only its owner can read it", () => {
  const path = join(emptyDir(), "x.log")
  openLogFile({ path, maxBytes: 20, keep: 1 }).close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})
