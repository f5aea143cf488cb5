import { setTimeout } from "node:timers/promises"
import { isDeepStrictEqual } from "node:util"
import type { Bundler } from "@hooklane/bundler"
import { packageRequestOf } from "@hooklane/core"
import {
  type FinishedBuild,
  findBuildNeed,
  findBundleOf,
  findPendingBuild,
  finishBuild,
  listPendingBuilds,
  listPendingBuildsOf,
  type PendingBuild,
  restartBuild,
  type Storage,
} from "@hooklane/storage"
import type { Logger } from "pino"
import { createTurns } from "./turns.ts"

export interface PackageBuildsDeps {
  storage: Storage
  bundler: Bundler
  /** Builds at a time. */
  atOnce: number
  /** How long those who wait for a build wait. */
  waitMs: number
  /** Makes known what became of a version; never fails. */
  versionChanged: (versionId: string) => Promise<void>
  log: Logger
}

/** Builds the npm packages of hook versions in the background; what a gateway leaves undone, its next start does. */
export interface PackageBuilds {
  /** Resolves when the hook's current version is built, if it has to be, or when that takes too long to wait for. */
  settle(hookId: string): Promise<void>
  /**
   * Tries a failed build again, and waits for it in the same way.
   * @throws AppError HookDoesNotExist, version_not_found; conflict when the build did not fail
   */
  retry(hookId: string, number: number): Promise<void>
  /** Stops what is being built. */
  close(): Promise<void>
}

/** Versions that may wait for their build; the saves beyond are answered with a failed one. */
const MAX_WAITING = 1_000

const TOO_MANY = "Too many builds are waiting; try this one again later\n"
const REPLACED = "Replaced by a later version before it was built; try again if you need it\n"
const OUR_FAULT = "The service failed to build the packages; its log says why. Try again later\n"

/** Takes up what earlier gateways left unbuilt, at once. */
export async function startPackageBuilds(deps: PackageBuildsDeps): Promise<PackageBuilds> {
  const { storage, bundler, waitMs, versionChanged, log } = deps
  const closing = new AbortController()
  const inTurn = createTurns(deps.atOnce)
  const underWay = new Map<string, Promise<void>>()
  const { finish, finishEqual, fail } = createResults(deps)

  /** Resolves when the build is over, however it ends. */
  function add(build: PendingBuild): Promise<void> {
    const { versionId } = build
    const known = underWay.get(versionId)
    if (known) return known
    if (underWay.size >= MAX_WAITING) return fail(build, TOO_MANY)
    const over = inTurn(() => run(build)).finally(() => underWay.delete(versionId))
    underWay.set(versionId, over)
    return over
  }

  async function run(build: PendingBuild): Promise<void> {
    const { hookId, number } = build
    const startedAt = performance.now()
    try {
      const need = await findBuildNeed(storage, build.versionId)
      if (!need) return
      // No event comes to it any more: an enabled hook's earlier version may have some that wait.
      if (!need.isCurrent && !need.isEnabled) return await fail(build, REPLACED)
      const result = await bundle(build)
      const ms = Math.round(performance.now() - startedAt)
      log.info({ hookId, number, status: result.status, ms }, "npm packages built")
      await finish(build, result)
      if (result.status === "built") await finishEqual(build, result)
    } catch (err) {
      if (closing.signal.aborted) return
      log.error({ err, hookId, number }, "npm packages could not be built")
      await fail(build, OUR_FAULT)
    }
  }

  async function bundle(build: PendingBuild): Promise<FinishedBuild> {
    closing.signal.throwIfAborted()
    const request = packageRequestOf(build)
    if (!request) return { status: "none", log: "" }
    const findBundle = (lockHash: string) => findBundleOf(storage, lockHash)
    return bundler.build({ ...request, script: build.script, findBundle }, closing.signal)
  }

  for (const build of await listPendingBuilds(storage)) void add(build)
  return {
    async settle(hookId) {
      const build = await findPendingBuild(storage, hookId)
      if (build) await atMost(waitMs, add(build))
    },
    async retry(hookId, number) {
      const build = await restartBuild(storage, hookId, number)
      await versionChanged(build.versionId)
      await atMost(waitMs, add(build))
    },
    async close() {
      closing.abort()
      await Promise.all(underWay.values())
    },
  }
}

/** Stores what became of builds, and makes it known. */
function createResults({
  storage,
  versionChanged,
  log,
}: Pick<PackageBuildsDeps, "storage" | "versionChanged" | "log">) {
  async function finish({ versionId }: PendingBuild, build: FinishedBuild): Promise<void> {
    await finishBuild(storage, versionId, build)
    await versionChanged(versionId)
  }

  /** Versions that were saved meanwhile, and ask for the same packages, need no build of their own. */
  async function finishEqual(built: PendingBuild, result: FinishedBuild): Promise<void> {
    const request = packageRequestOf(built)
    for (const other of await listPendingBuildsOf(storage, built.hookId))
      if (isDeepStrictEqual(packageRequestOf(other), request)) await finish(other, result)
  }

  async function fail(build: PendingBuild, why: string): Promise<void> {
    const { hookId, number } = build
    await finish(build, { status: "failed", log: why }).catch((err: unknown) =>
      log.error({ err, hookId, number }, "a build could not be stored"),
    )
  }

  return { finish, finishEqual, fail }
}

/** Waits for `work`, which goes on when that takes too long. */
async function atMost(ms: number, work: Promise<void>): Promise<void> {
  const over = new AbortController()
  await Promise.race([work, setTimeout(ms, undefined, { signal: over.signal }).catch(() => {})])
  over.abort()
}
