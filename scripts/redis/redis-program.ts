import { execFile } from "node:child_process"
import { access, constants } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"

/** A way to run Redis on this machine; `from` says where it comes from, for people. */
export type RedisProgram =
  | { kind: "binary"; path: string; from: string; libraryPath?: string }
  | { kind: "container"; docker: string; from: string }

/** What the rungs of the ladder work with. */
export interface FetchContext {
  /** Where programs are looked for, as in the PATH variable. */
  path: string
  /** Folder for what is downloaded; shared by all commands of this clone. */
  cacheDir: string
  /** Says what is being waited for. */
  note: (text: string) => void
}

/** BullMQ's recommended minimum; older ones lack commands that the queues use. */
const MINIMUM_VERSION = [6, 2] as const

const run = promisify(execFile)

/** Runs a program that was found on `path` and gives what it printed. @throws Error with its error output */
export async function runTool(
  context: Pick<FetchContext, "path">,
  { file, args, cwd, timeoutMs }: { file: string; args: readonly string[]; cwd?: string; timeoutMs: number },
): Promise<string> {
  const env = { ...process.env, PATH: context.path, LC_ALL: "C" }
  const { stdout } = await run(file, args, { cwd, env, timeout: timeoutMs, maxBuffer: 16_777_216 })
  return stdout
}

export async function findOnPath(path: string, name: string): Promise<string | undefined> {
  for (const dir of path.split(delimiter).filter(Boolean)) {
    const file = join(dir, name)
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return file
  }
  return undefined
}

/** The program, when it runs here and is new enough; otherwise a sentence that says why not. */
export async function tryBinary(
  binary: Omit<RedisProgram & { kind: "binary" }, "kind">,
): Promise<RedisProgram | string> {
  try {
    const { stdout } = await run(binary.path, ["--version"], { env: libraryEnv(binary), timeout: 10_000 })
    const [, version = ""] = /v=([\d.]+)/.exec(stdout) ?? []
    if (isNewEnough(version)) return { kind: "binary", ...binary }
    return `${binary.path} is version ${version || "unknown"}, older than ${MINIMUM_VERSION.join(".")}`
  } catch (error) {
    return `${binary.path} does not run: ${error instanceof Error ? error.message.trim() : error}`
  }
}

/** The environment a binary needs to find libraries that came with it. */
export function libraryEnv({ libraryPath }: { libraryPath?: string }): Record<string, string> {
  return libraryPath ? { LD_LIBRARY_PATH: libraryPath } : {}
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number)
  return major > MINIMUM_VERSION[0] || (major === MINIMUM_VERSION[0] && minor >= MINIMUM_VERSION[1])
}
