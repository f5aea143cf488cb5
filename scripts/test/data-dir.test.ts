import { mkdir, mkdtemp, rm, stat, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { openDataDir } from "../launcher/data-dir.ts"

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
