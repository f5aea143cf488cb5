import { type ProcessName, SETTINGS } from "@hooklane/core"

type Env = Record<string, string | undefined>

/** What Node and its libraries read themselves; nothing of ours. */
const SYSTEM = ["LANG", "TZ", "TMPDIR", "NODE_EXTRA_CA_CERTS", "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY"]

/** `npm start` tells which registry this machine uses, when it is not npm's own. */
const STAND_INS: Record<string, string> = { HOOKLANE_NPM_REGISTRY: "npm_config_registry" }

/** The environment of a process: the settings it uses, `given` ones first, and nothing else of the launcher's. */
export function processEnv(
  name: ProcessName,
  env: Env,
  given: Record<string, string>,
): Record<string, string> {
  const settings = Object.values(SETTINGS).filter(({ usedBy }) => usedBy.some((user) => user === name))
  const names = [...SYSTEM, ...settings.map((setting) => setting.env)]
  return Object.fromEntries(
    names.flatMap((key) => pair(key, given[key] ?? env[key] ?? env[STAND_INS[key] ?? ""])),
  )
}

function pair(key: string, value: string | undefined): [string, string][] {
  return value ? [[key, value]] : []
}
