import { execFile } from "node:child_process"
import { chmod, cp, mkdtemp, readdir, readFile, realpath, rm, utimes, writeFile } from "node:fs/promises"
import { createRequire } from "node:module"
import { hostname, tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { promisify } from "node:util"

/** The one folder that executors may read: their own modules as JavaScript, piscina, and acorn. The egress broker's, too. */
export interface RuntimeFolder {
  path: string
  entryFile: string
  /** The egress broker's. */
  egressFile: string
  remove(): Promise<void>
}

/** Process ids count on one host only, and a folder may be shared by several. */
const PREFIX = `hooklane-executor-${hostname()}-`
const FRESHEN_MS = 12 * 60 * 60 * 1_000

/**
 * Made new for each worker. Stripping types ahead makes a thread start in 9 ms instead of 50 ms and saves 17 MB
 * in each process, and nothing of the installation is readable from where hooks run.
 */
export async function makeRuntimeFolder(): Promise<RuntimeFolder> {
  void sweep().catch(() => {})
  const path = await realpath(await mkdtemp(join(tmpdir(), `${PREFIX}${process.pid}-`)))
  try {
    await Promise.all([
      stripTypes(fileURLToPath(new URL("./contained", import.meta.url)), path),
      copyPackage("piscina", path),
      copyPackage("acorn", path),
      writeFile(join(path, "package.json"), `{ "type": "module" }\n`),
    ])
    await keepAtomics(join(path, "node_modules/piscina/dist/worker.js"))
    await openToReaders(path)
  } catch (error) {
    await rm(path, { recursive: true, force: true })
    throw error
  }
  const freshener = setInterval(() => void freshen(path).catch(() => {}), FRESHEN_MS).unref()
  return {
    path,
    entryFile: join(path, "process.js"),
    egressFile: join(path, "egress", "main.js"),
    remove() {
      clearInterval(freshener)
      return rm(path, { recursive: true, force: true })
    },
  }
}

/** A worker that was killed could not remove its folder: the next one on this host does. */
async function sweep(): Promise<void> {
  const names = await readdir(tmpdir())
  const left = names.filter(
    (name) => name.startsWith(PREFIX) && !isAlive(Number.parseInt(name.slice(PREFIX.length), 10)),
  )
  await Promise.all(left.map((name) => rm(join(tmpdir(), name), { recursive: true, force: true })))
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and another user's.
    return error instanceof Error && "code" in error && error.code === "EPERM"
  }
}

/** Executors may run as other users. There is nothing in the folder but published code. */
async function openToReaders(folder: string): Promise<void> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  await chmod(folder, 0o755)
  await Promise.all(
    entries.map((entry) => chmod(join(entry.parentPath, entry.name), entry.isDirectory() ? 0o755 : 0o644)),
  )
}

/** Temporary folders are swept of what looks unused for days; a worker may be older than that. */
async function freshen(folder: string): Promise<void> {
  const now = new Date()
  const names = await readdir(folder, { recursive: true })
  await Promise.all(names.map((name) => utimes(join(folder, name), now, now)))
}

async function stripTypes(source: string, target: string): Promise<void> {
  const program = fileURLToPath(new URL("./strip-types.ts", import.meta.url))
  const flags = ["--disable-warning=ExperimentalWarning"]
  await promisify(execFile)(process.execPath, [...flags, program, source, target], { env: {} })
}

/** Both have their code in `dist` and need no other package. */
async function copyPackage(name: "piscina" | "acorn", folder: string): Promise<void> {
  const target = join(folder, "node_modules", name)
  const main = createRequire(import.meta.url).resolve(name)
  const installed = dirname(dirname(main))
  await cp(join(installed, "package.json"), join(target, "package.json"))
  await cp(join(installed, "dist"), join(target, "dist"), {
    recursive: true,
    filter: (file) => !/\.(d\.ts|map)$/.test(file),
  })
}

/** Piscina's worker needs it after each task, and the global object of its thread is a hook's by then. */
async function keepAtomics(file: string): Promise<void> {
  const code = await readFile(file, "utf8")
  await writeFile(file, `"use strict"; const { Atomics } = globalThis;\n${code}`)
}
