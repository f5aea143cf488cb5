import { createHash } from "node:crypto"
import { readdir, readFile } from "node:fs/promises"
import { join } from "node:path"

const SOURCE = join(import.meta.dirname, "..")

/**
 * What identifies the code of this package: worker and sandbox service exchange what is written down here only, so
 * one of another version would be misunderstood.
 */
export async function readCodeDigest(): Promise<string> {
  const names = await readdir(SOURCE, { recursive: true })
  const modules = names.filter((name) => name.endsWith(".ts")).sort()
  const texts = await Promise.all(modules.map((name) => readFile(join(SOURCE, name))))
  const hash = createHash("sha256")
  for (const [index, name] of modules.entries()) hash.update(name).update(texts[index] ?? "")
  return hash.digest("hex")
}
