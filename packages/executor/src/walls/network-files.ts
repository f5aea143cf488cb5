import { access, realpath } from "node:fs/promises"
import { dirname, join } from "node:path"
import type { BoundFile } from "./node-files.ts"

/** What the C library reads to resolve a name. */
const SETTINGS = ["/etc/resolv.conf", "/etc/hosts", "/etc/nsswitch.conf", "/etc/host.conf", "/etc/gai.conf"]
/** Parts of glibc that it loads for that; from 2.34 on they are in the library itself. */
const LIBRARIES = ["libnss_files.so.2", "libnss_dns.so.2", "libresolv.so.2"]

/** Files that the egress broker needs besides Node's. */
export async function networkFiles(libraries: readonly BoundFile[]): Promise<BoundFile[]> {
  const libc = libraries.find(({ target }) => target.includes("/libc.so"))
  const parts = libc ? LIBRARIES.map((name) => join(dirname(libc.target), name)) : []
  const found = await Promise.all([...SETTINGS, ...parts].map(find))
  return found.flat()
}

async function find(target: string): Promise<BoundFile[]> {
  try {
    await access(target)
    const source = await realpath(target)
    const file = { source, target }
    // Who manages the network replaces this file in its own folder: a bound file would stay the old one.
    return source.startsWith("/run/") ? [{ source: dirname(source), target: dirname(source) }, file] : [file]
  } catch {
    return []
  }
}
