import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { createKeyRing, generateMasterKey } from "../src/keyring.ts"
import { ensureMasterKey, readMasterKey } from "../src/master-key-file.ts"

async function emptyDataDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-key-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return join(dir, "data")
}

test("the first start makes a key that only its owner can read, and later starts keep it", async () => {
  const config = { dataDir: await emptyDataDir(), masterKey: undefined }
  const key = await ensureMasterKey(config)
  expect(createKeyRing(key).keyId).toHaveLength(8)
  expect((await stat(join(config.dataDir, "master.key"))).mode & 0o777).toBe(0o600)
  expect((await stat(config.dataDir)).mode & 0o777).toBe(0o700)
  expect(await ensureMasterKey(config)).toBe(key)
  expect(await readMasterKey(config)).toBe(key)
})

test("starts at the same moment agree on one key and leave no other file", async () => {
  const config = { dataDir: await emptyDataDir(), masterKey: undefined }
  const keys = await Promise.all(Array.from({ length: 8 }, () => ensureMasterKey(config)))
  expect(new Set(keys).size).toBe(1)
  expect(await readdir(config.dataDir)).toEqual(["master.key"])
})

test("the setting goes before the file, and no file is made", async () => {
  const config = { dataDir: await emptyDataDir(), masterKey: generateMasterKey() }
  expect(await ensureMasterKey(config)).toBe(config.masterKey)
  await expect(stat(config.dataDir)).rejects.toThrow("ENOENT")
})

test("a process without a key stops instead of making one", async () => {
  const config = { dataDir: await emptyDataDir(), masterKey: undefined }
  await expect(readMasterKey(config)).rejects.toThrow("HOOKLANE_MASTER_KEY is not set")
})

test.each([
  ["empty", "", "is empty"],
  ["cut off", generateMasterKey().slice(0, 20), "holds no whole key"],
  ["of two keys, the second cut off", `${generateMasterKey()},AAAA`, "holds no whole key"],
])("a key file that is %s is refused with what to do, and never written over", async (_, content, reason) => {
  const config = { dataDir: await emptyDataDir(), masterKey: undefined }
  await mkdir(config.dataDir)
  const file = join(config.dataDir, "master.key")
  await writeFile(file, content)
  for (const read of [readMasterKey, ensureMasterKey])
    await expect(read(config)).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(new RegExp(`master.key ${reason}.*put your copy of it back`)),
    })
  expect(await readFile(file, "utf8")).toBe(content)
})

test.each(["hooklane.db", "credentials.json"])(
  "a lost key is not replaced where %s was made with it, and the way out is said",
  async (name) => {
    const config = { dataDir: await emptyDataDir(), masterKey: undefined }
    await mkdir(config.dataDir)
    await writeFile(join(config.dataDir, name), "")
    for (const read of [readMasterKey, ensureMasterKey])
      await expect(read(config)).rejects.toMatchObject({
        code: "invalid_setting",
        message: expect.stringMatching(
          new RegExp(`^/.*master.key is missing, and ${name} .*from your backup.*start over.*: mv '/`),
        ),
      })
    expect(await readdir(config.dataDir)).toEqual([name])
  },
)
