import { mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises"
import { join } from "node:path"
import { waitForLock } from "../bootstrap/lock.mjs"
import { type FetchContext, findOnPath, runTool } from "./run-tool.ts"

export interface DebianPackage<Program> {
  /** By preference; behind the package that is meant, others that hold parts of it. */
  candidates: readonly (readonly [main: string, ...parts: string[]])[]
  /** How much is downloaded, for people. */
  size: string
  /** Finds the program in `unpackedDir`, or says why it is not there or does not run. */
  findIn: (unpackedDir: string) => Promise<Program | string>
}

/** Where the package of this cache is, or would be. */
export function unpackedDir({ cacheDir }: Pick<FetchContext, "cacheDir">): string {
  return join(cacheDir, "debian")
}

/**
 * Downloads Debian's or Ubuntu's package, with the libraries that this system lacks, and unpacks it into the cache.
 * Nothing is installed and root is not needed; apt checks the signatures.
 */
export async function fetchDebianPackage<Program>(
  context: FetchContext,
  wanted: DebianPackage<Program>,
): Promise<Program | string> {
  const apt = await findOnPath(context.path, "apt-get")
  const dpkg = await findOnPath(context.path, "dpkg")
  if (!apt || !dpkg) return "this is not Debian or Ubuntu (no apt-get)"
  await mkdir(context.cacheDir, { recursive: true })
  const lock = await waitForLock(join(context.cacheDir, "fetch.lock"), context.note)
  const stage = await mkdtemp(join(context.cacheDir, "stage-"))
  try {
    const meanwhile = await wanted.findIn(unpackedDir(context))
    if (typeof meanwhile !== "string") return meanwhile
    context.note(`downloading the distribution's package (about ${wanted.size})`)
    await download({ ...context, apt, stage, candidates: wanted.candidates })
    await unpack(context, { dpkg, stage })
    return await wanted.findIn(unpackedDir(context))
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
  const unpacked = unpackedDir(context)
  await rm(unpacked, { recursive: true, force: true })
  await rename(root, unpacked)
}

interface Download extends FetchContext {
  apt: string
  stage: string
  candidates: DebianPackage<unknown>["candidates"]
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

/** What apt would install for the program and this system lacks. */
async function neededPackages(context: Download, options: readonly string[]): Promise<readonly string[]> {
  let failure: unknown
  for (const [main, ...parts] of context.candidates) {
    const args = [...options, "install", "--simulate", "--no-install-recommends", main]
    try {
      const plan = await runTool(context, { file: context.apt, args, timeoutMs: 60_000 })
      const lacking = Array.from(plan.matchAll(/^Inst (\S+)/gm), ([, name = ""]) => name)
      return [...new Set([main, ...parts, ...lacking.filter(isLibrary)])]
    } catch (error) {
      failure ??= error
    }
  }
  throw failure
}

/**
 * The C library must stay the system's: it belongs to the loader that starts the program. LLVM is large, and serves
 * nothing but PostgreSQL's compiler of queries, which is off.
 */
function isLibrary(name: string): boolean {
  return /^(lib|lua)/.test(name) && !/^lib(c6|llvm)/.test(name)
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

/** Where programs of the unpacked package find the libraries that came with them. */
export function libraryPath(unpacked: string): string {
  const triplet = process.arch === "arm64" ? "aarch64-linux-gnu" : "x86_64-linux-gnu"
  return [`usr/lib/${triplet}`, `lib/${triplet}`].map((dir) => join(unpacked, dir)).join(":")
}
