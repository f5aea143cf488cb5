import { glob, realpath } from "node:fs/promises"
import { dirname, join } from "node:path"
import { PlainError } from "../bootstrap/steps.mjs"
import { fetchDebianPackage, libraryPath, unpackedDir } from "../fetch/debian-package.ts"
import { type FetchContext, findOnPath, runTool } from "../fetch/run-tool.ts"

/** A PostgreSQL server of this machine. */
export interface PostgresProgram {
  /** Folder of `initdb` and `postgres`. */
  bin: string
  /** Where it comes from, for people. */
  from: string
  /** Folders of libraries that came with it. */
  libraryPath?: string
}

export interface FindPostgresContext extends FetchContext {
  /** Where servers may be installed that are not on PATH, as patterns of folders. */
  installedIn: readonly string[]
}

/** Gives a program, or a sentence that says why there is none this way. */
type Rung = (context: FindPostgresContext) => Promise<PostgresProgram | string>

const RUNGS: readonly Rung[] = [onPath, installed, fetchedBefore, fetched]

/** The oldest that the tests run on; the queries themselves need nothing new. */
const MINIMUM_VERSION = 15

/** Debian 12 has 15, Ubuntu 24.04 has 16, their successors have later ones. */
const CANDIDATES = [["postgresql-15"], ["postgresql-16"], ["postgresql-17"], ["postgresql-18"]] as const

/**
 * The first PostgreSQL that runs here; it may download one.
 * @throws PlainError that names every way and why it failed
 */
export async function findPostgres(context: FindPostgresContext): Promise<PostgresProgram> {
  const reasons: string[] = []
  for (const rung of RUNGS) {
    const found = await rung(context)
    if (typeof found !== "string") return found
    reasons.push(found)
  }
  throw new PlainError(
    [
      `No PostgreSQL (${MINIMUM_VERSION} or newer) can be started here. Install one: apt install postgresql, brew install postgresql, …`,
      "What was tried:",
      ...reasons.map((reason) => `  - ${reason}`),
    ].join("\n"),
  )
}

async function onPath(context: FindPostgresContext): Promise<PostgresProgram | string> {
  const initdb = await findOnPath(context.path, "initdb")
  return initdb ? tryProgram({ bin: dirname(await realpath(initdb)), from: "PATH" }) : "initdb is not on PATH"
}

async function installed({ installedIn }: FindPostgresContext): Promise<PostgresProgram | string> {
  const reasons: string[] = []
  for await (const bin of glob(installedIn)) {
    const found = await tryProgram({ bin, from: bin })
    if (typeof found !== "string") return found
    reasons.push(found)
  }
  return reasons.join("; ") || "none is installed where Debian and Homebrew put it"
}

function fetchedBefore(context: FetchContext): Promise<PostgresProgram | string> {
  return findIn(unpackedDir(context))
}

function fetched(context: FetchContext): Promise<PostgresProgram | string> {
  return fetchDebianPackage(context, { candidates: CANDIDATES, size: "17 MB", findIn })
}

async function findIn(unpacked: string): Promise<PostgresProgram | string> {
  for await (const bin of glob(join(unpacked, "usr/lib/postgresql/*/bin"))) {
    return tryProgram({ bin, libraryPath: libraryPath(unpacked), from: "fetched before" })
  }
  return "nothing was fetched before"
}

async function tryProgram(program: PostgresProgram): Promise<PostgresProgram | string> {
  const file = join(program.bin, "postgres")
  try {
    const answer = await runTool(
      { path: process.env["PATH"] ?? "" },
      { file, args: ["--version"], env: libraryEnv(program), timeoutMs: 10_000 },
    )
    const [, major = "0"] = /(\d+)/.exec(answer) ?? []
    if (Number(major) >= MINIMUM_VERSION) return program
    return `${file} is version ${major}, older than ${MINIMUM_VERSION}`
  } catch (error) {
    return `${file} does not run: ${error instanceof Error ? error.message.trim() : error}`
  }
}

/** The environment in which the program finds its libraries, and speaks a language that we can read. */
export function libraryEnv({ libraryPath }: Pick<PostgresProgram, "libraryPath">): Record<string, string> {
  return { LC_ALL: "C", TZ: "GMT", ...(libraryPath && { LD_LIBRARY_PATH: libraryPath }) }
}
