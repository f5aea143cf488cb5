import { execFile } from "node:child_process"
import { promisify } from "node:util"

/** A way to run Redis on this machine; `from` says where it comes from, for people. */
export type RedisProgram =
  | { kind: "binary"; path: string; from: string; libraryPath?: string }
  | { kind: "container"; docker: string; from: string }

/** BullMQ's recommended minimum; older ones lack commands that the queues use. */
const MINIMUM_VERSION = [6, 2] as const

const run = promisify(execFile)

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
