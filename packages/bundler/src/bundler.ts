import { createHash } from "node:crypto"
import { mkdir, mkdtemp, readdir, realpath, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import type { Hook, PackageLock, PackageRequest } from "@hooklane/core"
import { version as esbuildVersion } from "esbuild"
import type { z } from "zod"
import { keepEnd } from "./build-log.ts"
import {
  type BundleTask,
  bundledSchema,
  type ResolveTask,
  resolvedSchema,
  type SizeLimits,
  type Task,
} from "./protocol.ts"
import { registryAccess } from "./registry-access.ts"
import { BuildProcessEnd, runTask } from "./run-task.ts"

export interface BundlerOptions extends Partial<SizeLimits> {
  /** Where builds work, and npm keeps its downloads. Several processes may share it. */
  dir: string
  /** Address of the registry; it may hold a name and a password. Default: npm's own. */
  registry?: string | undefined
  /** What npm shows at `registry`. No other process, no log and no bundle gets to see it. */
  registryToken?: string | undefined
  /** Wall-clock time of one build. Default 60,000. */
  timeoutMs?: number
  /** What npm may see of the environment (`buildEnv`). */
  env?: Record<string, string>
}

export interface BuildInput extends PackageRequest, Pick<Hook, "script"> {
  /** The bundle that was made of the same lock before, if it is still there. */
  findBundle(lockHash: string): Promise<string | undefined>
}

/** A bundle of a hook's packages; `code` is absent when `findBundle` knew it. */
export interface Build {
  lock: PackageLock
  lockHash: string
  /** What the script may require. */
  specifiers: string[]
  bundleId: string
  code?: string
}

export type BuildResult = { log: string } & (
  | ({ status: "built" } & Build)
  /** Nothing that the script requires would have to be installed. */
  | { status: "none" }
  | { status: "failed" }
)

export interface Bundler {
  /**
   * Resolves, installs and bundles the packages of a hook, outside of this process and without running any of them.
   * What is wrong with the packages is a result.
   * @throws the signal's reason
   */
  build(input: BuildInput, signal: AbortSignal): Promise<BuildResult>
}

/** What npm needs of the environment: the way to a registry, and whom to believe that it is one. */
const PASSED_ON = ["NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]

const DEFAULT_TIMEOUT_MS = 60_000
const DEFAULT_LIMITS: SizeLimits = {
  maxPackages: 1_000,
  maxInstallBytes: 200_000_000,
  // twilio has 8.4 MB.
  maxBundleBytes: 10_000_000,
}

/** Part of every lock's hash: another form of bundle is another bundle. */
const FORM = `2 esbuild ${esbuildVersion}`

/** A build takes minutes at most: what is older was left behind by a process that died. */
const ABANDONED_AFTER_MS = 3_600_000
const WORK_PREFIX = "work-"

/** The variables of `env` that builds may see. */
export function buildEnv(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(PASSED_ON.flatMap((name) => (env[name] ? [[name, env[name]]] : [])))
}

/** @throws Error when `dir` cannot be made or written */
export async function openBundler(options: BundlerOptions): Promise<Bundler> {
  const { registry, registryToken, timeoutMs = DEFAULT_TIMEOUT_MS, env = {}, ...given } = options
  const dir = await prepare(options.dir)
  const surroundings = {
    npm: { cacheDir: join(dir, "npm-cache"), ...registryAccess(registry, registryToken) },
    limits: { ...DEFAULT_LIMITS, ...given },
  }

  async function run<Schema extends z.ZodType>(
    step: ResolveTask | BundleTask,
    schema: Schema,
    signal: AbortSignal,
  ) {
    const folder = await mkdtemp(join(dir, WORK_PREFIX))
    try {
      const task: Task = { ...step, ...surroundings, folder }
      return await runTask(task, { schema, env: { ...env, HOME: folder }, signal })
    } finally {
      await rm(folder, { recursive: true, force: true, maxRetries: 3 })
    }
  }

  async function buildUntil(input: BuildInput, signal: AbortSignal): Promise<BuildResult> {
    const { findBundle, dependencies, specifiers, script } = input
    const resolved = await run({ step: "resolve", dependencies, specifiers, script }, resolvedSchema, signal)
    if (resolved.status === "failed") return resolved
    const { plan, log } = resolved
    if (!plan) return { status: "none", log }
    const { entries, beginnings, manifest, lock } = plan
    const lockHash = hashOf(JSON.stringify([FORM, entries, beginnings, Object.keys(manifest).sort(), lock]))
    const built = {
      status: "built" as const,
      lock,
      lockHash,
      specifiers: entries.map((entry) => entry.specifier),
    }
    const known = await findBundle(lockHash)
    if (known !== undefined) return { ...built, bundleId: known, log }
    const bundled = await run({ step: "bundle", plan }, bundledSchema, signal)
    const wholeLog = keepEnd(log + bundled.log)
    if (bundled.status === "failed") return { status: "failed", log: wholeLog }
    return { ...built, bundleId: hashOf(bundled.code), code: bundled.code, log: wholeLog }
  }

  return {
    async build(input, signal) {
      const outOfTime = AbortSignal.timeout(timeoutMs)
      try {
        return await buildUntil(input, AbortSignal.any([signal, outOfTime]))
      } catch (error) {
        signal.throwIfAborted()
        if (outOfTime.aborted)
          return { status: "failed", log: `The build took longer than ${timeoutMs} ms\n` }
        if (error instanceof BuildProcessEnd) return { status: "failed", log: `${error.message}\n` }
        throw error
      }
    },
  }
}

/** The folder by its real path, which the permissions of npm are about, without what dead builds left in it. */
async function prepare(dir: string): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 })
  const path = await realpath(dir)
  for (const name of await readdir(path)) {
    if (!name.startsWith(WORK_PREFIX)) continue
    const { mtimeMs } = await stat(join(path, name))
    if (Date.now() - mtimeMs > ABANDONED_AFTER_MS)
      await rm(join(path, name), { recursive: true, force: true })
  }
  return path
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex")
}
