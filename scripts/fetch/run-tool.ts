import { execFile } from "node:child_process"
import { access, constants } from "node:fs/promises"
import { delimiter, join } from "node:path"
import { promisify } from "node:util"

/** What the ways to come by a program work with. */
export interface FetchContext {
  /** Where programs are looked for, as in the PATH variable. */
  path: string
  /** Folder for what is downloaded; shared by all commands of this clone. */
  cacheDir: string
  /** Says what is being waited for. */
  note: (text: string) => void
}

interface ToolRun {
  file: string
  args: readonly string[]
  cwd?: string
  /** Added to this process's own. */
  env?: Record<string, string>
  timeoutMs: number
  uid?: number
  gid?: number
}

const run = promisify(execFile)

/** Runs a program that was found on `path` and gives what it printed. @throws Error with its error output */
export async function runTool(
  context: Pick<FetchContext, "path">,
  { file, args, timeoutMs, ...rest }: ToolRun,
): Promise<string> {
  const env = { ...process.env, PATH: context.path, LC_ALL: "C", ...rest.env }
  const { stdout } = await run(file, args, { ...rest, env, timeout: timeoutMs, maxBuffer: 16_777_216 })
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
