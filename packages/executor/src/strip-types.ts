import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { stripTypeScriptTypes } from "node:module"
import { join } from "node:path"

/**
 * A program: writes the modules of one folder to another as JavaScript. It is a process of its own, so that
 * Node's warning about an experimental function can be turned off for it alone.
 */
const [source = "", target = ""] = process.argv.slice(2)

await mkdir(target, { recursive: true })
for (const name of await readdir(source)) {
  const code = stripTypeScriptTypes(await readFile(join(source, name), "utf8"))
  await writeFile(join(target, name.replace(/\.ts$/, ".js")), code.replace(/"(\.\/[\w-]+)\.ts"/g, '"$1.js"'))
}
