import { BuildFailure } from "./build-failure.ts"
import { type BuildLog, createBuildLog } from "./build-log.ts"
import { bundlePackages } from "./bundle-packages.ts"
import { installLocked, makePackageLock } from "./install.ts"
import { planInstall } from "./plan-install.ts"
import type { Bundled, BundleTask, Resolved, ResolveTask, Task } from "./protocol.ts"
import { readLock } from "./read-lock.ts"
import { secretsOf } from "./registry-access.ts"
import { entriesBeginning } from "./script-entries.ts"
import { requiresOf } from "./script-requires.ts"

type Surroundings = Pick<Task, "folder" | "npm" | "limits">

/** Does a task; what is wrong with the packages is a result, what is wrong with us throws. */
export async function performTask(task: Task): Promise<Resolved | Bundled> {
  const log = createBuildLog(task.folder, secretsOf(task.npm))
  try {
    const result = await (task.step === "resolve" ? resolve(task, log) : bundle(task, log))
    return { status: "done", ...result, log: log.text() }
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error
    log.write(error.message)
    return { status: "failed", log: log.text() }
  }
}

async function resolve(task: ResolveTask & Surroundings, log: BuildLog) {
  const { beginnings, ...requires } = await requiresOf(task.script)
  const { manifest, entries } = planInstall(task, requires)
  if (Object.keys(manifest).length === 0) return {}
  const packageLock = await makePackageLock({ ...task.npm, folder: task.folder, log }, manifest)
  const lock = readLock(packageLock, task.limits)
  return { plan: { manifest, packageLock, entries, beginnings, lock } }
}

async function bundle({ plan, folder, npm, limits }: BundleTask & Surroundings, log: BuildLog) {
  const bytes = await installLocked({ ...npm, folder, log }, plan, limits)
  const entries = [...plan.entries, ...entriesBeginning(plan.beginnings, folder)]
  const declared = Object.keys(plan.manifest)
  const code = await bundlePackages({ ...limits, folder, entries, declared, log })
  const count = Object.keys(plan.lock).length
  log.write(`Installed: ${count} packages, ${bytes} bytes. Bundled: ${Buffer.byteLength(code)} bytes`)
  return { code }
}
