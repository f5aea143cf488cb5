import { join } from "node:path"
import { buildEnv, openBundler } from "@hooklane/bundler"
import { AppError, type Config, type TriggerId } from "@hooklane/core"
import { getSnapshot } from "@hooklane/storage"
import type { Logger } from "pino"
import { type PackageBuilds, startPackageBuilds } from "./package-builds.ts"
import { type PublishDeps, publishVersion } from "./publish-version.ts"

export interface OpenPackageBuildsDeps extends PublishDeps {
  config: Config
  /** Of which builds see what npm needs. */
  env: Record<string, string | undefined>
  hooksChanged: (triggerId: TriggerId) => Promise<void>
  log: Logger
}

/**
 * The builds of a gateway: in its data folder, by its settings, and known to the workers when they are over.
 * @throws AppError invalid_setting when there is a token and nobody to show it to
 */
export async function openPackageBuilds(deps: OpenPackageBuildsDeps): Promise<PackageBuilds> {
  const { config, env, storage, hooksChanged, log } = deps
  const { dataDir, npmRegistry: registry, npmToken: registryToken, buildTimeoutMs: timeoutMs } = config
  if (registryToken !== undefined && registry === undefined)
    throw new AppError(
      "invalid_setting",
      "HOOKLANE_NPM_TOKEN needs HOOKLANE_NPM_REGISTRY: whom to show it to",
    )
  const bundler = await openBundler({
    dir: join(dataDir, "builds"),
    registry,
    registryToken,
    timeoutMs,
    maxBundleBytes: config.maxBundleBytes,
    env: buildEnv(env),
  })

  /** Jobs may wait for this very version, whether or not it is what its trigger runs by now. */
  async function versionChanged(versionId: string): Promise<void> {
    const snapshot = await getSnapshot(storage, versionId).catch(unlessGone)
    if (!snapshot) return
    await publishVersion(deps, snapshot)
    await hooksChanged(snapshot.triggerId)
  }

  return startPackageBuilds({
    storage,
    bundler,
    atOnce: config.builds,
    waitMs: config.buildWaitMs,
    versionChanged: (versionId) =>
      versionChanged(versionId).catch((err: unknown) =>
        log.warn({ err, versionId }, "version was not published"),
      ),
    log,
  })
}

/** A version whose hook was deleted while it was built is nobody's concern. */
function unlessGone(error: unknown): undefined {
  if (error instanceof AppError && (error.code === "version_not_found" || error.code === "HookDoesNotExist"))
    return undefined
  throw error
}
