// @ts-check
import { execFileSync } from "node:child_process"
import { realpathSync } from "node:fs"
import { join } from "node:path"
import { PlainError } from "./steps.mjs"

const MINIMUM_NODE = 20

/** Where the pinned Node comes as an npm package and hooks can be contained. */
const PLATFORMS = ["linux-x64", "linux-arm64", "darwin-x64", "darwin-arm64"]

/**
 * @param {{ version: string, platform: string, arch: string }} [machine]
 * @throws PlainError when Hooklane cannot run here, with what to do about it
 */
export function checkMachine({ version, platform, arch } = { ...process, version: process.versions.node }) {
  if (Number(version.split(".")[0]) < MINIMUM_NODE) {
    throw new PlainError(
      `Hooklane needs Node ${MINIMUM_NODE} or newer to start, and this is Node ${version}. See https://nodejs.org`,
    )
  }
  if (platform === "win32") {
    throw new PlainError("Hooklane runs on Linux and macOS. On Windows, run it inside WSL 2 or with Docker.")
  }
  if (!PLATFORMS.includes(`${platform}-${arch}`)) {
    throw new PlainError(
      `There is no pinned Node for ${platform}-${arch} (only ${PLATFORMS.join(", ")}). Docker may help: see README.md`,
    )
  }
}

/**
 * The Node that the project is made for, as installed with the dependencies; undefined when it is not there.
 * @param {string} root
 */
export function findPinnedNode(root) {
  try {
    return realpathSync(join(root, "node_modules/.bin/node"))
  } catch {
    return undefined
  }
}

/**
 * @param {string} node
 * @throws PlainError when the binary cannot run here
 */
export function checkPinnedNode(node) {
  if (node === process.execPath) return
  try {
    execFileSync(node, ["--version"], { stdio: "ignore" })
  } catch {
    throw new PlainError(
      `The pinned Node (${node}) does not run on this machine: it needs glibc 2.28 or newer ` +
        "(so not Alpine Linux). Docker may help: see README.md",
    )
  }
}
