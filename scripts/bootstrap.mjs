// @ts-check
import { spawn } from "node:child_process"
import { constants } from "node:os"
import { dirname } from "node:path"
import { fileURLToPath } from "node:url"
import { installDependencies } from "./bootstrap/install.mjs"
import { checkMachine, checkPinnedNode, findPinnedNode } from "./bootstrap/machine.mjs"
import { PlainError } from "./bootstrap/steps.mjs"

/** The project's folder. */
export const root = dirname(dirname(fileURLToPath(import.meta.url)))

/**
 * Makes a fresh clone runnable, then runs `args` with the pinned Node and ends as it ends. The first step of
 * every command: it works under any Node from 20 on and with nothing installed.
 * @param {string[]} args
 */
export async function runWithPinnedNode(args) {
  // A terminal that is gone, or a full disk behind `>`, is no reason to stop what runs.
  for (const output of [process.stdout, process.stderr]) output.on("error", () => {})
  try {
    checkMachine()
    await installDependencies(root)
    const node = findPinnedNode(root)
    if (!node) throw new PlainError("npm did not install the pinned Node: are optional dependencies off?")
    checkPinnedNode(node)
    process.exitCode = await passThrough(node, args)
  } catch (error) {
    if (!(error instanceof PlainError)) throw error
    console.error(`\n${error.message}\n`)
    process.exitCode = 1
  }
}

/**
 * Runs a program in this one's place: same terminal, same signals, same end. The channel tells the program when
 * this process is gone, however it went.
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>} its exit code, or 128 + the number of the signal that ended it
 */
function passThrough(node, args) {
  const child = spawn(node, args, { cwd: root, stdio: ["inherit", "inherit", "inherit", "ipc"] })
  let isAsked = false
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
    process.on(signal, () => {
      isAsked = true
      child.kill(signal)
    })
  }
  // npm that ends while this stops would otherwise be the second signal, which stops it at once.
  whenNpmIsGone(() => isAsked || child.kill("SIGTERM"))
  return new Promise((done, fail) => {
    child.once("error", fail)
    child.once("close", (code, signal) => done(code ?? 128 + (signal ? constants.signals[signal] : 0)))
  })
}

/**
 * npm that is killed cannot tell its script, and the service would run on with nobody to stop it. Started by
 * anything else, a parent that goes away is no reason to stop.
 * @param {() => unknown} stop
 */
function whenNpmIsGone(stop) {
  if (!process.env["npm_lifecycle_event"]) return
  const npm = process.ppid
  const timer = setInterval(() => {
    if (process.ppid === npm) return
    clearInterval(timer)
    stop()
  }, 500)
  timer.unref()
}
