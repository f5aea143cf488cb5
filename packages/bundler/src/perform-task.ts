import { BuildFailure } from "./build-failure.ts"
import { type BuildLog, createBuildLog } from "./build-log.ts"
import { bundlePackages } from "./bundle-packages.ts"
import { installLocked, makePackageLock } from "./install.ts"
import { planInstall } from "./plan-install.ts"
import type { Bundled, BundleTask, Resolved, ResolveTask, Task } from "./protocol.ts"
import { readLock } from "./read-lock.ts"
import { secretsOf } from "./registry-access.ts"
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
  const required = task.specifiers.length > 0 ? await requiresOf(task.script) : new Set<string>()
  const { manifest, entries } = planInstall(task, required)
  if (entries.length === 0) return {}
  const packageLock = await makePackageLock({ ...task.npm, folder: task.folder, log }, manifest)
  const lock = readLock(packageLock, task.limits)
  return { plan: { manifest, packageLock, entries, lock } }
}

async function bundle({ plan, folder, npm, limits }: BundleTask & Surroundings, log: BuildLog) {
  const bytes = await installLocked({ ...npm, folder, log }, plan, limits)
  const code = await bundlePackages({ ...limits, folder, entries: plan.entries, log })
  const count = Object.keys(plan.lock).length
  log.write(`Installed: ${count} packages, ${bytes} bytes. Bundled: ${Buffer.byteLength(code)} bytes`)
  return { code }
}
