import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
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
  const log = openLogFile({ path, maxBytes: 20, keep: 1 })
  log.write("a line\n")
  log.close()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

test("a folder that is gone is made again, with a word of what was dropped before that was seen", () => {
  const dir = emptyDir()
  let now = 0
  const log = openLogFile({ path: join(dir, "x.log"), maxBytes: 1_000, keep: 1, now: () => now })
  log.write("one\n")
  rmSync(dir, { recursive: true })
  now += 1_000
  log.write("two\n")
  log.close()
  expect(readFileSync(join(dir, "x.log"), "utf8")).toBe("two\n")
})

test("what cannot be written is dropped, told of once, and counted when it can be written again", () => {
  const dir = emptyDir()
  writeFileSync(dir, "a file in the place of the folder")
  let now = 0
  const told: string[] = []
  const onTrouble = ({ message }: Error) => void told.push(message)
  const path = join(dir, "x.log")
  const log = openLogFile({ path, maxBytes: 1_000, keep: 1, now: () => now, onTrouble })
  for (const line of ["one\n", "two\n"]) log.write(line)
  expect(told).toEqual([expect.stringMatching(/EEXIST|ENOTDIR/)])
  rmSync(dir)
  now += 1_000
  log.write("three\n")
  log.close()
  const [, loss = "", line] = readFileSync(path, "utf8").split("\n")
  expect(JSON.parse(loss)).toMatchObject({ level: 40, dropped: 2, msg: "log lines were dropped" })
  expect(line).toBe("three")
})

test.runIf(process.platform === "linux")("a full disk costs lines and nothing else", () => {
  const dir = emptyDir()
  mkdirSync(dir)
  symlinkSync("/dev/full", join(dir, "x.log"))
  const told: string[] = []
  const path = join(dir, "x.log")
  const log = openLogFile({
    path,
    maxBytes: 1_000,
    keep: 1,
    onTrouble: (error) => void told.push(error.message),
  })
  for (let count = 0; count < 5; count += 1) log.write("a line\n")
  expect(told).toEqual([expect.stringContaining("ENOSPC")])
  log.close()
})
