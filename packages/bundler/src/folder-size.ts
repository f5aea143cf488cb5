import { lstat, readdir } from "node:fs/promises"
import { join } from "node:path"

/** Bytes of all files below a folder; what goes away while it is read does not count. */
export async function folderBytes(folder: string): Promise<number> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  let bytes = 0
  for (const name of names) {
    const { size } = await lstat(join(folder, name)).catch(() => ({ size: 0 }))
    bytes += size
  }
  return bytes
}
