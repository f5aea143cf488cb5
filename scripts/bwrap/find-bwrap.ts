import { join } from "node:path"
import { fetchDebianPackage, libraryPath, unpackedDir } from "../fetch/debian-package.ts"
import { type FetchContext, findOnPath, runTool } from "../fetch/run-tool.ts"

/** The path of a bubblewrap that runs, or a sentence that says why there is none this way. */
export type FoundBwrap = { path: string } | { missing: string }

type Rung = (context: FetchContext) => Promise<{ path: string } | string>

const RUNGS: readonly Rung[] = [onPath, fetchedBefore, fetched]
/** Hooks run without it, too: an offline machine is not to wait for a download that does not come. */
const LIMIT_MS = 30_000

/**
 * The first bubblewrap that runs here; it may download one. A download that takes longer than 30 s is left to go on,
 * for the next start.
 */
export async function findBwrap(context: FetchContext, { limitMs = LIMIT_MS } = {}): Promise<FoundBwrap> {
  if (process.platform !== "linux") return { missing: "bubblewrap is for Linux only" }
  const reasons: string[] = []
  for (const rung of RUNGS) {
    const found = await within(limitMs, rung(context))
    if (typeof found !== "string") return found
    reasons.push(found)
  }
  return { missing: reasons.join("; ") }
}

async function onPath({ path }: FetchContext) {
  const file = await findOnPath(path, "bwrap")
  return file ? tryOut(file) : "bwrap is not on PATH"
}

function fetchedBefore(context: FetchContext) {
  return findIn(unpackedDir(context))
}

function fetched(context: FetchContext) {
  return fetchDebianPackage(context, { candidates: [["bubblewrap"]], size: "0.1 MB", findIn })
}

async function findIn(unpacked: string) {
  const file = await findOnPath(join(unpacked, "usr/bin"), "bwrap")
  return file ? tryOut(file, libraryPath(unpacked)) : "nothing was fetched before"
}

async function tryOut(path: string, libraries?: string) {
  try {
    await runTool(
      { path: process.env["PATH"] ?? "" },
      {
        file: path,
        args: ["--version"],
        timeoutMs: 10_000,
        ...(libraries && { env: { LD_LIBRARY_PATH: libraries } }),
      },
    )
    return { path }
  } catch (error) {
    return `${path} does not run: ${error instanceof Error ? error.message.trim() : error}`
  }
}

async function within<Found>(limitMs: number, finding: Promise<Found>): Promise<Found | string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  const timer = setTimeout(resolve, limitMs, `it took longer than ${limitMs / 1_000} s`)
  try {
    return await Promise.race([finding, promise])
  } finally {
    clearTimeout(timer)
  }
}
