import { mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { setTimeout } from "node:timers/promises"
import { BuildFailure } from "./build-failure.ts"
import { folderBytes } from "./folder-size.ts"
import { type NpmDeps, runNpm } from "./npm.ts"
import type { Plan } from "./protocol.ts"

const LOOK_EVERY_MS = 200
/** npm's downloads, kept for the next build; beyond this they are thrown away. */
const MAX_CACHE_BYTES = 500_000_000

/** The package-lock.json that npm makes for these dependencies; nothing is installed. */
export async function makePackageLock(deps: NpmDeps, manifest: Record<string, string>): Promise<string> {
  await boundCache(deps.cacheDir)
  await writeManifest(deps, manifest)
  await runNpm(deps, ["install", "--package-lock-only"])
  return readFile(join(deps.folder, "package-lock.json"), "utf8")
}

/**
 * Installs exactly what the plan's lock says, and gives the bytes it takes.
 * @throws BuildFailure when it becomes too large; it is stopped while it grows
 */
export async function installLocked(
  deps: NpmDeps,
  { manifest, packageLock }: Pick<Plan, "manifest" | "packageLock">,
  { maxInstallBytes }: { maxInstallBytes: number },
): Promise<number> {
  const modules = join(deps.folder, "node_modules")
  await writeManifest(deps, manifest)
  await writeFile(join(deps.folder, "package-lock.json"), packageLock)
  const done = new AbortController()
  const bytes = await Promise.race([
    untilLargerThan(maxInstallBytes, modules, done.signal),
    runNpm(deps, ["ci"], done.signal).then(() => folderBytes(modules)),
  ]).finally(() => done.abort())
  if (bytes > maxInstallBytes) throw new BuildFailure(`The packages take more than ${maxInstallBytes} bytes`)
  return bytes
}

/** Resolves with the size of a folder as soon as it is beyond the limit; rejects when it is no longer wanted. */
async function untilLargerThan(maxBytes: number, folder: string, signal: AbortSignal): Promise<number> {
  for (;;) {
    await setTimeout(LOOK_EVERY_MS, undefined, { signal })
    const bytes = await folderBytes(folder)
    if (bytes > maxBytes) return bytes
  }
}

async function writeManifest({ folder }: NpmDeps, dependencies: Record<string, string>): Promise<void> {
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, dependencies }))
}

async function boundCache(cacheDir: string): Promise<void> {
  if ((await folderBytes(cacheDir)) > MAX_CACHE_BYTES) await rm(cacheDir, { recursive: true, force: true })
  await mkdir(cacheDir, { recursive: true })
}
