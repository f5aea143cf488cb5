import { chmod, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { delimiter, join } from "node:path"
import { afterEach, beforeEach, expect, test, vi } from "vitest"
import { holdsLocked, installDependencies, isInstalled } from "../bootstrap/install.mjs"

const LOCK = {
  packages: {
    "": {},
    "node_modules/a": { version: "1.0.0", integrity: "sha512-a" },
    "node_modules/other-platform": { version: "1.0.0", optional: true },
  },
}

/** Does what `npm ci` does to a folder, slowly enough for two starts to meet, and counts its calls. */
const FAKE_NPM = `#!/bin/sh
echo "$@" >> calls
[ -f npm-fails ] && { echo "npm error code E404"; exit 1; }
sleep 0.3
mkdir -p node_modules/.bin node_modules/a node_modules/other-platform
echo "{}" | tee node_modules/a/package.json > node_modules/other-platform/package.json
ln -sf "$(command -v sh)" node_modules/.bin/node
cp package-lock.json node_modules/.package-lock.json
`

let root: string

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "hooklane-install-"))
  await writeLock(LOCK)
  await mkdir(join(root, "fake"))
  await writeFile(join(root, "fake/npm"), FAKE_NPM)
  await chmod(join(root, "fake/npm"), 0o755)
  vi.stubEnv("PATH", [join(root, "fake"), process.env["PATH"]].join(delimiter))
  vi.spyOn(process.stdout, "write").mockReturnValue(true)
})

afterEach(async () => {
  vi.unstubAllEnvs()
  vi.restoreAllMocks()
  await rm(root, { recursive: true, force: true })
})

function writeLock(content: object): Promise<void> {
  return writeFile(join(root, "package-lock.json"), JSON.stringify(content))
}

async function npmCalls(): Promise<string[]> {
  return (await readFile(join(root, "calls"), "utf8")).trim().split("\n")
}

test("a fresh clone is installed, and the next start finds nothing to do", async () => {
  expect(isInstalled(root)).toBe(false)
  await installDependencies(root)
  await installDependencies(root)
  expect(isInstalled(root)).toBe(true)
  expect(await npmCalls()).toEqual([expect.stringMatching(/^ci --include=dev --include=optional/)])
})

test("two starts at once install once", async () => {
  await Promise.all([installDependencies(root), installDependencies(root)])
  expect(await npmCalls()).toHaveLength(1)
})

test("a lock file that asks for another version is installed again", async () => {
  await installDependencies(root)
  await writeLock({ packages: { ...LOCK.packages, "node_modules/a": { version: "2.0.0" } } })
  expect(isInstalled(root)).toBe(false)
})

test("a package that somebody removed is installed again", async () => {
  await installDependencies(root)
  await rm(join(root, "node_modules/a"), { recursive: true })
  expect(isInstalled(root)).toBe(false)
  await installDependencies(root)
  expect(isInstalled(root)).toBe(true)
  expect(await npmCalls()).toHaveLength(2)
})

test("a package that other platforms need may be missing, one that this needs may not", async () => {
  await installDependencies(root)
  const { "node_modules/other-platform": _other, ...present } = LOCK.packages
  await writeFile(join(root, "node_modules/.package-lock.json"), JSON.stringify({ packages: present }))
  expect(isInstalled(root)).toBe(true)
  await writeLock({ packages: { ...LOCK.packages, "node_modules/b": { version: "1.0.0" } } })
  expect(isInstalled(root)).toBe(false)
})

test("an install without the pinned Node is not complete", async () => {
  await installDependencies(root)
  await rm(join(root, "node_modules/.bin/node"))
  expect(holdsLocked(root)).toBe(true)
  expect(isInstalled(root)).toBe(false)
  await symlink("nowhere", join(root, "node_modules/.bin/node"))
  expect(isInstalled(root)).toBe(false)
})

test("a failed install shows npm's own words and leaves the lock free", async () => {
  await writeFile(join(root, "npm-fails"), "")
  await expect(installDependencies(root)).rejects.toThrow("npm error code E404")
  await rm(join(root, "npm-fails"))
  await installDependencies(root)
  expect(isInstalled(root)).toBe(true)
})
