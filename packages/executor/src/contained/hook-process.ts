import type { LogLine } from "@hooklane/core"
import { clockMs } from "./progress.ts"

const { version, versions, platform, arch, nextTick, hrtime } = process

export interface HookProcessPowers {
  print(level: LogLine["level"], values: unknown[]): void
  /** Ends the run that is under way. */
  exit(code: string): void
}

/** The `process` of a hook: what packages ask of it at load, and nothing that acts on the real one. */
export function createHookProcess({ print, exit }: HookProcessPowers): object {
  const startedAt = clockMs()
  const inert: Record<string, unknown> = {}
  for (const name of INERT) inert[name] = () => inert
  const stream = (level: LogLine["level"]) => ({
    isTTY: false,
    write: (text: unknown) => {
      print(level, [String(text).replace(/\n$/, "")])
      return true
    },
  })
  // Packages tell Node from a browser by it.
  Object.defineProperty(inert, Symbol.toStringTag, { value: "process" })
  return Object.assign(inert, {
    version,
    versions: { ...versions },
    platform,
    arch,
    pid: 1,
    title: "hook",
    argv: ["node", "/hook.js"],
    execArgv: [],
    env: {},
    nextTick,
    hrtime,
    cwd: () => "/",
    uptime: () => (clockMs() - startedAt) / 1000,
    listeners: () => [],
    listenerCount: () => 0,
    emit: () => false,
    stdout: stream("info"),
    stderr: stream("error"),
    exit(code: unknown = 0): never {
      exit(exitCodeOf(code))
      throw new Error("process.exit ends the run of a hook")
    },
  })
}

/** A code is a whole number. What else a hook gives is not told: its text would run code, or have no end. */
function exitCodeOf(code: unknown): string {
  if (typeof code !== "number" && typeof code !== "string") return ""
  return /^-?\d{1,10}$/.test(String(code)) ? String(code) : ""
}

const INERT = [
  "on",
  "once",
  "off",
  "addListener",
  "prependListener",
  "removeListener",
  "removeAllListeners",
  "setMaxListeners",
  "emitWarning",
]
