import { packageLockSchema } from "@hooklane/core"
import { z } from "zod"

/**
 * What passes between a gateway and a build process: one task in, one result out. Results are checked in the
 * gateway, because what made them has read what strangers published.
 */

/** A loader of the bundle: what the script requires, and what npm installed for it. */
const entrySchema = z.strictObject({ specifier: z.string(), target: z.string() })
export type Entry = z.infer<typeof entrySchema>

/** What is to be installed and bundled, complete: the same plan gives the same bundle. */
const planSchema = z.strictObject({
  /** `dependencies` of package.json. */
  manifest: z.record(z.string(), z.string()),
  /** Text of package-lock.json. */
  packageLock: z.string(),
  entries: z.array(entrySchema),
  /** How the specifiers begin that the script computes, as `moment/locale/`: all files there are entries. */
  beginnings: z.array(z.string()),
  lock: packageLockSchema,
})
export type Plan = z.infer<typeof planSchema>

export interface ResolveTask {
  step: "resolve"
  dependencies: Record<string, string>
  specifiers: string[]
  script: string
}

export interface BundleTask {
  step: "bundle"
  plan: Plan
}

/** `folder` is the one that the task may fill; it is gone afterwards. */
export type Task = (ResolveTask | BundleTask) & { folder: string; npm: NpmSettings; limits: SizeLimits }

export interface RegistryAccess {
  /** npm's own when there is none. */
  registry: string | undefined
  /** As npm calls them: a token, or a name and a password in base64. */
  credential: { kind: "_authToken" | "_auth"; value: string } | undefined
}

export interface NpmSettings extends RegistryAccess {
  cacheDir: string
}

export interface SizeLimits {
  /** Packages of one hook, those that its packages need included. */
  maxPackages: number
  /** All files of all packages. */
  maxInstallBytes: number
  maxBundleBytes: number
}

const failedSchema = z.strictObject({ status: z.literal("failed"), log: z.string() })

export const resolvedSchema = z.discriminatedUnion("status", [
  /** The plan is absent when the script requires nothing that would have to be installed. */
  z.strictObject({ status: z.literal("done"), log: z.string(), plan: planSchema.optional() }),
  failedSchema,
])
export type Resolved = z.infer<typeof resolvedSchema>

export const bundledSchema = z.discriminatedUnion("status", [
  z.strictObject({ status: z.literal("done"), log: z.string(), code: z.string() }),
  failedSchema,
])
export type Bundled = z.infer<typeof bundledSchema>
