import { execFile } from "node:child_process"
import { chown, cp } from "node:fs/promises"
import { join } from "node:path"
import { promisify } from "node:util"
import type { PostgresProgram } from "./find-postgres.ts"

const run = promisify(execFile)

/** As whom a program runs; this process's user where nothing is given. */
export interface Owner {
  uid?: number
  gid?: number
}

/** PostgreSQL refuses to run as root, so root runs it as `nobody`, who then owns its folder. */
export async function giveToServer(dir: string): Promise<Owner> {
  if (process.getuid?.() !== 0) return {}
  const uid = await idOfNobody("-u")
  const gid = await idOfNobody("-g")
  await chown(dir, uid, gid)
  return { uid, gid }
}

/**
 * The program, where its owner can read it: what was fetched lies in the clone, which may be in a folder that only
 * root may enter.
 */
export async function readableProgram(
  program: PostgresProgram,
  { dir, unpackedDir, owner }: { dir: string; unpackedDir: string; owner: Owner },
): Promise<PostgresProgram> {
  if (owner.uid === undefined || !program.bin.startsWith(unpackedDir)) return program
  const copy = join(dir, "program")
  await cp(unpackedDir, copy, { recursive: true, verbatimSymlinks: true })
  const moved = (path: string) => path.replaceAll(unpackedDir, copy)
  return {
    ...program,
    bin: moved(program.bin),
    ...(program.libraryPath && { libraryPath: moved(program.libraryPath) }),
  }
}

async function idOfNobody(option: string): Promise<number> {
  const { stdout } = await run("id", [option, "nobody"])
  return Number(stdout)
}
