// @ts-check
import { spawn } from "node:child_process"
import { existsSync, mkdirSync, readFileSync } from "node:fs"
import { delimiter, join } from "node:path"
import { waitForLock } from "./lock.mjs"
import { findPinnedNode } from "./machine.mjs"
import { PlainError, step } from "./steps.mjs"

/**
 * Brings the project's node_modules to what package-lock.json says.
 * @param {string} root
 */
export function installDependencies(root) {
  return installOnce(root, { title: "Installing dependencies (once)", isInstalled })
}

/**
 * Runs `npm ci` in a folder unless it is installed. Several starts at once install once: the others wait.
 * @param {string} folder
 * @param {{ title: string, isInstalled: (folder: string) => boolean }} options
 */
export async function installOnce(folder, { title, isInstalled }) {
  if (isInstalled(folder)) return
  const cache = join(folder, ".cache")
  mkdirSync(cache, { recursive: true })
  await step(title, async (note) => {
    const lock = await waitForLock(join(cache, "install.lock"), note)
    try {
      if (!isInstalled(folder)) await npmCi(folder)
    } finally {
      lock.release()
    }
  })
}

/**
 * True when all that the lock file asks for is there, and the pinned Node with it.
 * @param {string} root
 */
export function isInstalled(root) {
  return holdsLocked(root) && findPinnedNode(root) !== undefined
}

/**
 * True when npm's own record of what it put into node_modules (written last, so a broken-off install has none)
 * holds everything that the lock file asks for. What is missing may be missing only when it is optional, like
 * the binaries of other platforms.
 * @param {string} folder
 */
export function holdsLocked(folder) {
  const wanted = readPackages(join(folder, "package-lock.json"))
  const present = readPackages(join(folder, "node_modules/.package-lock.json"))
  if (!wanted) throw new PlainError(`${folder} has no readable package-lock.json: is the clone complete?`)
  if (!present) return false
  return Object.entries(wanted).every(([path, one]) => {
    const there = present[path]
    if (path === "") return true
    if (!there) return one.optional === true
    return there.version === one.version && there.integrity === one.integrity && isOnDisk(join(folder, path))
  })
}

/**
 * The record does not notice that somebody removed a package since.
 * @param {string} path
 */
function isOnDisk(path) {
  return existsSync(join(path, "package.json"))
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
