import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { packageRequestOf } from "@hooklane/core"
import { onTestFinished } from "vitest"
import { createBuildLog } from "../src/build-log.ts"
import { type BundleOptions, bundlePackages } from "../src/bundle-packages.ts"
import type { BuildInput } from "../src/index.ts"

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hooklane-bundler-test-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** A work folder as npm leaves it, with a file beside it that no bundle may contain. */
export async function install(files: Record<string, string>) {
  const outside = await temporaryFolder()
  const folder = join(outside, "work")
  await writeFile(join(outside, "secret.json"), '{ "secret": "s3cr3t" }')
  await writeFile(join(outside, "secret.js"), 'module.exports = "s3cr3t"')
  for (const [path, content] of Object.entries(files)) {
    const file = join(folder, "node_modules", path)
    await mkdir(dirname(file), { recursive: true })
    await writeFile(file, content.replaceAll("OUTSIDE", outside))
  }
  const log = createBuildLog(folder)
  const bundle = (
    options: { specifiers?: string[] } & Partial<Pick<BundleOptions, "declared" | "maxBundleBytes">> = {},
  ) => {
    const { specifiers = ["pkg"], ...rest } = options
    const entries = specifiers.map((specifier) => ({ specifier, target: specifier }))
    return bundlePackages({ maxBundleBytes: 1_000_000, ...rest, folder, entries, log })
  }
  return { outside, folder, log, bundle }
}

/** What a build is asked for a hook; no bundle was made before. */
export function inputOf(dependencies: Record<string, string>, script = ""): BuildInput {
  const request = packageRequestOf({ dependencies, script }) ?? { dependencies: {}, specifiers: [] }
  return { ...request, script, findBundle: async () => undefined }
}

/** The loaders of a bundle, by specifier. */
export function load(code: string | undefined): Record<string, () => unknown> {
  const module = { exports: {} }
  const require = createRequire(import.meta.url)
  const run = new Function("require", "module", "exports", "__filename", "__dirname", code ?? "")
  run((id: string) => require(id), module, module.exports, "/packages.js", "/")
  return module.exports
}

/** What is still at work in a bundler's folder: nothing, when all builds are over. */
export async function workFolders(dir: string): Promise<string[]> {
  return (await readdir(dir)).filter((name) => name.startsWith("work-"))
}

/** Processes that were started in `dir`, by the folder they work in; Linux only. */
export async function processesIn(dir: string): Promise<string[]> {
  if (!existsSync("/proc/self/cwd")) return []
  const { readlink } = await import("node:fs/promises")
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name))
  const folders = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => "")))
  return folders.filter((folder) => folder.startsWith(dir))
}
