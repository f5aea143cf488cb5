import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { waitForLock } from "../bootstrap/lock.mjs"
import { type FetchContext, findOnPath, type RedisProgram, runTool, tryBinary } from "./redis-program.ts"

/** The server and the package that holds the binary it is linked to, by preference. */
const CANDIDATES = [
  ["redis-server", "redis-tools"],
  ["valkey-server", "valkey-tools"],
] as const

/** The distribution's own package, unpacked by an earlier call of `fetchDebianPackage`. */
export async function findDebianPackage({ cacheDir }: FetchContext): Promise<RedisProgram | string> {
  const unpacked = join(cacheDir, "debian")
  for (const [server] of CANDIDATES) {
    const path = await findOnPath(join(unpacked, "usr/bin"), server)
    if (path) return tryBinary({ path, libraryPath: libraryPath(unpacked), from: "fetched before" })
  }
  return "nothing was fetched before"
}

/**
 * Downloads Debian's or Ubuntu's package, with the libraries that this system lacks, and unpacks it into the cache.
 * Nothing is installed and root is not needed; apt checks the signatures.
 */
export async function fetchDebianPackage(context: FetchContext): Promise<RedisProgram | string> {
  const apt = await findOnPath(context.path, "apt-get")
  const dpkg = await findOnPath(context.path, "dpkg")
  if (!apt || !dpkg) return "this is not Debian or Ubuntu (no apt-get)"
  await mkdir(context.cacheDir, { recursive: true })
  const lock = await waitForLock(join(context.cacheDir, "fetch.lock"), context.note)
  const stage = await mkdtemp(join(context.cacheDir, "stage-"))
  try {
    const meanwhile = await findDebianPackage(context)
    if (typeof meanwhile !== "string") return meanwhile
    context.note("downloading the distribution's package (about 1.5 MB)")
    await download({ ...context, apt, stage })
    await unpack(context, { dpkg, stage })
    return await findDebianPackage(context)
  } catch (error) {
    return `the package could not be downloaded: ${error instanceof Error ? error.message.trim() : error}`
  } finally {
    await rm(stage, { recursive: true, force: true })
    lock.release()
  }
}

/** Replaces what was unpacked before, which did not run. */
async function unpack(
  context: FetchContext,
  { dpkg, stage }: { dpkg: string; stage: string },
): Promise<void> {
  const root = join(stage, "root")
  for (const name of await readdir(join(stage, "debs"))) {
    await runTool(context, { file: dpkg, args: ["-x", join(stage, "debs", name), root], timeoutMs: 60_000 })
  }
  const unpacked = join(context.cacheDir, "debian")
  await rm(unpacked, { recursive: true, force: true })
  await rename(root, unpacked)
}

interface Download extends FetchContext {
  apt: string
  stage: string
}

/** With the system's package lists when it has good ones, else with lists of our own. */
async function download(context: Download): Promise<void> {
  try {
    await downloadWith(context, [])
  } catch {
    const options = await privateLists(context.stage)
    context.note("updating the package lists")
    const args = [...options, "update"]
    await runTool(context, { file: context.apt, args, timeoutMs: 300_000 })
    await downloadWith(context, options)
  }
}

async function downloadWith(context: Download, options: readonly string[]): Promise<void> {
  const debs = join(context.stage, "debs")
  await rm(debs, { recursive: true, force: true })
  await mkdir(debs)
  const packages = await neededPackages(context, options)
  // apt would like to download as another user, who may not write here.
  const args = [...options, "-o", "APT::Sandbox::User=root", "download", ...packages]
  await runTool(context, { file: context.apt, args, cwd: debs, timeoutMs: 300_000 })
}

/** What apt would install for the server and this system lacks. */
async function neededPackages(context: Download, options: readonly string[]): Promise<readonly string[]> {
  let failure: unknown
  for (const [server, tools] of CANDIDATES) {
    const args = [...options, "install", "--simulate", "--no-install-recommends", server]
    try {
      const plan = await runTool(context, { file: context.apt, args, timeoutMs: 60_000 })
      const lacking = Array.from(plan.matchAll(/^Inst (\S+)/gm), ([, name = ""]) => name)
      return [...new Set([server, tools, ...lacking.filter(isLibrary)])]
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

/** The C library must stay the system's: it belongs to the loader that starts the program. */
function isLibrary(name: string): boolean {
  return /^(lib|lua)/.test(name) && !name.startsWith("libc6")
}

async function privateLists(stage: string): Promise<string[]> {
  await mkdir(join(stage, "state/lists/partial"), { recursive: true })
  await mkdir(join(stage, "cache/archives/partial"), { recursive: true })
  const settings = {
    "Dir::State": join(stage, "state"),
    "Dir::State::lists": join(stage, "state/lists"),
    "Dir::State::status": "/var/lib/dpkg/status",
    "Dir::Cache": join(stage, "cache"),
    "APT::Sandbox::User": "root",
    "Acquire::Retries": "2",
    "Acquire::http::Timeout": "30",
  }
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`])
}

function libraryPath(unpacked: string): string {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu"
  return [`usr/lib/${triplet}`, `lib/${triplet}`].map((dir) => join(unpacked, dir)).join(":")
}
