import { PREINSTALLED, PREINSTALLED_NATIVE } from "./preinstalled.ts"

/** Node's error for a module that is not there; its message goes on with what would bring it. */
export function missingModule(id: string): Error {
  const advice = adviceFor(id)
  const message = `Cannot find module '${id}'${advice === undefined ? "" : `: ${advice}`}`
  return Object.assign(new Error(message), { code: "MODULE_NOT_FOUND" })
}

/** What old hooks write in front of a package. */
const PLACE = /^(?:\.{0,2}\/)*node_modules\//

/** A package's name, a version behind `@`, and what is below it. */
const SPECIFIER =
  /^(?<name>(?:@[\w.~-]+\/)?[\w~-][\w.~-]{0,213})(?:@(?<version>[\w.^~<>=|* -]{1,64}))?(?<subpath>\/.*)?$/

function adviceFor(id: string): string | undefined {
  if (id.startsWith("node:")) return "hooks have no such module of Node"
  const specifier = id.replace(PLACE, "")
  if (/^\.{0,2}\//.test(specifier)) return "a hook is one script, without files of its own"
  const { name, version, subpath } = SPECIFIER.exec(specifier)?.groups ?? {}
  if (name === undefined) return undefined
  if (PREINSTALLED_NATIVE.has(name)) return adviceForNative(name)
  const line = dependency(name, version ?? PREINSTALLED.get(name) ?? "latest")
  const where = subpath === undefined ? "" : `, and name it by this text if it is there: require("${id}")`
  const history = PREINSTALLED.has(name) ? "it was preinstalled at Auth0. " : ""
  return `${history}Add ${line} to the hook${where}`
}

function adviceForNative(name: string): string {
  const other = PREINSTALLED_NATIVE.get(name)
  const reason = "it was preinstalled at Auth0, and is native code, which hooks cannot run here"
  return other === undefined
    ? reason
    : `${reason}. Require "${other}" instead, with ${dependency(other, "2")} in the hook`
}

function dependency(name: string, version: string): string {
  return `"dependencies": {"${name}": "${version}"}`
}
