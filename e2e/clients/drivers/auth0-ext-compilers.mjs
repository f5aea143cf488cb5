// @ts-check
import { createRequire } from "node:module"
import { Readable } from "node:stream"
import { compileFunction } from "node:vm"
import { parentPort, workerData } from "node:worker_threads"

/**
 * Runs one hook the way that Auth0 did: its own compiler around the script, called as a webtask with each event
 * that comes, as JSON, as the body of a POST. A thread per hook, because what nobody catches ends it.
 */
const require = createRequire(import.meta.url)
/** @type {{ compiler: string, script: string, secrets: Record<string, string> }} */
const { compiler, script, secrets } = workerData
const headers = { "content-type": "application/json" }

process.on("uncaughtException", (thrown) => tellThrown("async", thrown))

const compile = require("auth0-ext-compilers")[compiler]
compile({ script, nodejsCompiler }, (/** @type {unknown} */ _, /** @type {Function} */ webtask) => {
  const response = { writeHead() {}, end: (/** @type {string} */ json) => tell(JSON.parse(json)) }
  parentPort?.on("message", (/** @type {string} */ body) => {
    const request = Object.assign(Readable.from([Buffer.from(body)]), { method: "POST", headers })
    try {
      webtask({ secrets, headers, body: JSON.parse(body) }, request, response)
    } catch (thrown) {
      tellThrown("sync", thrown)
    }
  })
})

/** The platform's part: a CommonJS module whose function is exported, or returned from the top level. */
function nodejsCompiler(/** @type {string} */ source, /** @type {Function} */ callback) {
  let hook
  try {
    hook = load(source)
  } catch (error) {
    callback(error)
    return
  }
  callback(null, hook)
}

function load(/** @type {string} */ source) {
  const module = { exports: /** @type {unknown} */ ({}) }
  const names = ["exports", "require", "module", "__filename", "__dirname"]
  const returned = compileFunction(source, names)(module.exports, require, module, "/hook.js", "/")
  const hook = typeof returned === "function" ? returned : module.exports
  if (typeof hook === "function") return hook
  throw new Error("Supplied code must return or export a function.")
}

/** Each answer is sent; the first one is what the caller read. */
function tell(/** @type {object} */ answer) {
  parentPort?.postMessage(answer)
}

function tellThrown(/** @type {string} */ when, /** @type {unknown} */ thrown) {
  tell({ status: "threw", when, message: thrown instanceof Error ? thrown.message : String(thrown) })
}
