import { spawnSync } from "node:child_process"
import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { PlainError } from "../bootstrap/steps.mjs"
import { explainDataDir, openDataDir } from "../launcher/data-dir.ts"

async function emptyDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-data-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

test("the folder is made, and closed to other users even when it was open", async () => {
  const path = join(await emptyDir(), "deep/data")
  await mkdir(path, { recursive: true, mode: 0o755 })
  const dataDir = await openDataDir(path)
  expect((await stat(dataDir.path)).mode & 0o777).toBe(0o700)
})

test("a second launcher is told which process uses the folder, by whatever name", async () => {
  const dir = await emptyDir()
  const first = await openDataDir(join(dir, "data"))
  await symlink(join(dir, "data"), join(dir, "other-name"))
  await expect(openDataDir(join(dir, "other-name"))).rejects.toThrow(
    `Hooklane already runs on ${first.path} (process ${process.pid})`,
  )
  first.release()
  expect((await openDataDir(join(dir, "other-name"))).path).toBe(first.path)
})

test("a file in its place, a full disk and a link that leads nowhere are told of in a sentence", async () => {
  const dir = await emptyDir()
  await writeFile(join(dir, "file"), "")
  const refusal = await openDataDir(join(dir, "file")).catch((error) => error)
  expect(refusal).toBeInstanceOf(PlainError)
  expect(refusal.message).toBe(
    `The data folder ${dir}/file cannot be used: a file stands in its place; move that away, or set HOOKLANE_DATA_DIR to another folder.`,
  )
  await expect(openDataDir(join(dir, "file/deeper"))).rejects.toThrow("a file stands in its place")
  await symlink("loop", join(dir, "loop"))
  await expect(openDataDir(join(dir, "loop"))).rejects.toThrow("cannot be used")
})

test.each([
  ["EROFS", "the file system is read-only"],
  ["ENOSPC", "the disk is full"],
  ["EACCES", "this user may not write there"],
  ["EPERM", "it belongs to another user"],
])("%s in the data folder is a sentence", (code, reason) => {
  const error = Object.assign(new Error(code), { code, syscall: "open" })
  expect(String(explainDataDir(error, "/data"))).toContain(`The data folder /data cannot be used: ${reason}`)
})

test("a full disk is one of these, with real files", async (context) => {
  const dir = await emptyDir()
  if (spawnSync("mount", ["-t", "tmpfs", "-o", "size=4k", "tmpfs", dir]).status !== 0)
    return context.skip("a file system of its own takes the rights of root")
  onTestFinished(() => void spawnSync("umount", [dir]))
  await writeFile(join(dir, "all"), "x".repeat(4_096)).catch(() => undefined)
  await expect(openDataDir(dir)).rejects.toThrow(/the disk is full; make room/)
})
