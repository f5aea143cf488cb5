import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { stripTypeScriptTypes } from "node:module"
import { dirname, join } from "node:path"

/**
 * A program: writes the modules of a folder to another as JavaScript. It is a process of its own, so that
 * Node's warning about an experimental function can be turned off for it alone.
 */
const [source = "", target = ""] = process.argv.slice(2)

for (const name of await readdir(source, { recursive: true })) {
  if (!name.endsWith(".ts")) continue
  const code = stripTypeScriptTypes(await readFile(join(source, name), "utf8"))
  const file = join(target, name.replace(/\.ts$/, ".js"))
  await mkdir(dirname(file), { recursive: true })
  await writeFile(file, code.replace(/"(\.{1,2}\/[\w/-]+)\.ts"/g, '"$1.js"'))
}
