// @ts-check
import { spawn } from "node:child_process"
import { mkdirSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { waitForLock } from "./lock.mjs"
import { findPinnedNode } from "./machine.mjs"
import { PlainError, step } from "./steps.mjs"

/**
 * Brings node_modules to what package-lock.json says. Several starts at once install once: the others wait.
 * @param {string} root
 */
export async function installDependencies(root) {
  if (isInstalled(root)) return
  const cache = join(root, ".cache")
  mkdirSync(cache, { recursive: true })
  await step("Installing dependencies (once)", async (note) => {
    const lock = await waitForLock(join(cache, "install.lock"), note)
    try {
      if (!isInstalled(root)) await npmCi(root)
    } finally {
      lock.release()
    }
  })
}

/**
 * True when npm's own record of what it put into node_modules (written last, so a broken-off install has none)
 * holds everything that the lock file asks for. What is missing may be missing only when it is optional, like
 * the binaries of other platforms; the pinned Node of this one may not.
 * @param {string} root
 */
export function isInstalled(root) {
  const wanted = readPackages(join(root, "package-lock.json"))
  const present = readPackages(join(root, "node_modules/.package-lock.json"))
  if (!wanted) throw new PlainError(`${root} has no readable package-lock.json: is the clone complete?`)
  if (!present || !findPinnedNode(root)) return false
  return Object.entries(wanted).every(([path, one]) => {
    const there = present[path]
    if (path === "") return true
    return there ? there.version === one.version && there.integrity === one.integrity : one.optional === true
  })
}

/**
 * @param {string} path
 * @returns {Record<string, { version?: string, integrity?: string, optional?: boolean }> | undefined}
 */
function readPackages(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8")).packages
  } catch {
    return undefined
  }
}

/** @param {string} root */
async function npmCi(root) {
  const child = spawn(
    "npm",
    ["ci", "--include=dev", "--include=optional", "--no-audit", "--no-fund", "--loglevel=error"],
    {
      cwd: root,
      env: { ...process.env, PATH: systemPath(root) },
      stdio: ["ignore", "pipe", "pipe"],
    },
  )
  let output = ""
  const keepTail = (/** @type {Buffer} */ chunk) => {
    output = (output + chunk).slice(-4000)
  }
  child.stdout.on("data", keepTail)
  child.stderr.on("data", keepTail)
  const code = await new Promise((done, fail) => child.once("error", fail).once("close", done))
  if (code !== 0) throw new PlainError(`npm ci failed with exit code ${code}:\n\n${output.trim()}`)
}

/**
 * PATH without the project's own binaries: npm must not run under a Node that it is about to replace.
 * @param {string} root
 */
function systemPath(root) {
  const own = join(root, "node_modules")
  return (process.env["PATH"] ?? "")
    .split(delimiter)
    .filter((dir) => !dir.startsWith(own))
    .join(delimiter)
}
