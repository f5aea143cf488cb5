import { execFile } from "node:child_process"
import { realpath } from "node:fs/promises"
import { promisify } from "node:util"

/** A file as it is on the machine, and where a program looks for it. */
export interface BoundFile {
  source: string
  target: string
}

const TIMEOUT_MS = 10_000

/**
 * Shared libraries that a program is linked to, its loader among them: all that it needs of the system.
 * @throws Error when they cannot be found out
 */
export async function librariesOf(program: string): Promise<BoundFile[]> {
  const env = { LC_ALL: "C", PATH: "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin" }
  const { stdout } = await promisify(execFile)("ldd", [program], { env, timeout: TIMEOUT_MS })
  // "libm.so.6 => /lib/libm.so.6 (0x…)", or "/lib64/ld-linux-x86-64.so.2 (0x…)"; the kernel's own has no path.
  const paths = Array.from(stdout.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm), ([, path = ""]) => path)
  return Promise.all([...new Set(paths)].map(async (target) => ({ source: await realpath(target), target })))
}
