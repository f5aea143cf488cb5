import { Readable, Writable } from "node:stream"
import type { LogLine } from "@hooklane/core"
import { clockMs } from "../progress.ts"
import { deny } from "./denied-module.ts"
import { createHookEnv } from "./hook-env.ts"
import { inertEmitter } from "./inert.ts"

const { version, versions, platform, arch, nextTick, hrtime, release } = process
/** Accessors, which read what lockdown takes away. */
const features = { ...process.features }

export interface HookProcessPowers {
  print(level: LogLine["level"], values: unknown[]): void
  /** Ends the run that is under way. */
  exit(code: string): void
}

export type HookProcess = Record<string, unknown> & { stdout: Writable; stderr: Writable }

/** What a machine would say of itself; these are made up, so that packages go on and learn nothing. */
const MEMORY_BYTES = 64 * 1024 * 1024
const NOBODY = 65_534
const UMASK = 0o022

/** The `process` of a hook: what packages ask of it, and nothing that acts on the real one. */
export function createHookProcess({ print, exit }: HookProcessPowers): HookProcess {
  const startedAt = clockMs()
  const stream = (fd: number, level: LogLine["level"]) => createOutput(fd, (text) => print(level, [text]))
  const hookProcess: HookProcess = {
    ...inertEmitter(() => hookProcess),
    ...factsOf(),
    ...usageSince(startedAt),
    ...refusals(),
    env: createHookEnv(),
    nextTick,
    hrtime,
    cwd: () => "/",
    uptime: () => (clockMs() - startedAt) / 1000,
    stdin: Object.assign(Readable.from([]), { fd: 0, isTTY: false }),
    stdout: stream(1, "info"),
    stderr: stream(2, "error"),
    emitWarning: (warning: unknown, type?: unknown) => print("warn", [warningText(warning, type)]),
    exit(code: unknown = hookProcess.exitCode): never {
      exit(exitCodeOf(code ?? 0))
      throw new Error("process.exit ends the run of a hook")
    },
    exitCode: undefined,
  }
  // Packages tell Node from a browser by it.
  Object.defineProperty(hookProcess, Symbol.toStringTag, { value: "process" })
  return hookProcess
}

function factsOf(): object {
  const ids = ["getuid", "geteuid", "getgid", "getegid"]
  return {
    ...Object.fromEntries(ids.map((name) => [name, () => NOBODY])),
    getgroups: () => [NOBODY],
    version,
    versions: { ...versions },
    release: { name: release.name },
    features: { ...features },
    config: { target_defaults: {}, variables: {} },
    platform,
    arch,
    pid: 1,
    ppid: 0,
    title: "hook",
    argv: ["node", "/hook.js"],
    argv0: "node",
    execArgv: [],
    execPath: "/usr/bin/node",
    debugPort: 0,
    moduleLoadList: [],
    allowedNodeEnvironmentFlags: new Set(),
    sourceMapsEnabled: false,
    umask: () => UMASK,
    report: { getReport: () => ({ header: {}, sharedObjects: [] }) },
    finalization: { register() {}, registerBeforeExit() {}, unregister() {} },
    ref() {},
    unref() {},
    setUncaughtExceptionCaptureCallback() {},
    addUncaughtExceptionCaptureCallback() {},
    hasUncaughtExceptionCaptureCallback: () => false,
    setSourceMapsEnabled() {},
    // Old packages ask Node's inside for constants and classes, and go on without.
    binding: () => ({}),
  }
}

function usageSince(startedAt: number): object {
  const microseconds = () => Math.round((clockMs() - startedAt) * 1_000)
  const cpuUsage = (before?: { user?: number }) => ({ user: microseconds() - (before?.user ?? 0), system: 0 })
  const memory = {
    rss: MEMORY_BYTES,
    heapTotal: MEMORY_BYTES,
    heapUsed: MEMORY_BYTES / 2,
    external: 0,
    arrayBuffers: 0,
  }
  return {
    cpuUsage,
    threadCpuUsage: cpuUsage,
    memoryUsage: Object.assign(() => ({ ...memory }), { rss: () => memory.rss }),
    constrainedMemory: () => MEMORY_BYTES,
    availableMemory: () => MEMORY_BYTES / 2,
    resourceUsage: () => ({
      ...Object.fromEntries(UNMEASURED.map((name) => [name, 0])),
      userCPUTime: microseconds(),
      maxRSS: MEMORY_BYTES / 1024,
    }),
    getActiveResourcesInfo: () => [],
  }
}

/** Of the record that `resourceUsage` gives. */
const UNMEASURED = [
  "userCPUTime",
  "systemCPUTime",
  "maxRSS",
  "sharedMemorySize",
  "unsharedDataSize",
  "unsharedStackSize",
  "minorPageFault",
  "majorPageFault",
  "swappedOut",
  "fsRead",
  "fsWrite",
  "ipcSent",
  "ipcReceived",
  "signalsCount",
  "voluntaryContextSwitches",
  "involuntaryContextSwitches",
]

function refusals(): object {
  return Object.fromEntries(REFUSED.map((name) => [name, deny(`process.${name}`)]))
}

const REFUSED = [
  "abort",
  "chdir",
  "dlopen",
  "execve",
  "initgroups",
  "kill",
  "loadEnvFile",
  "openStdin",
  "setegid",
  "seteuid",
  "setgid",
  "setgroups",
  "setuid",
]

/** A stream to write to whose every write is a line of the console. It cannot be closed, as in Node. */
function createOutput(fd: number, print: (text: string) => void): Writable {
  const output = new Writable({
    decodeStrings: false,
    write(chunk, _, done) {
      const text = String(chunk).replace(/\r?\n$/, "")
      if (String(chunk) !== "") print(text)
      done()
    },
  })
  const close = (...args: unknown[]) => {
    const last = args.at(-1)
    if (args.length > 0 && typeof args[0] !== "function") output.write(args[0])
    if (typeof last === "function") nextTick(last)
    return output
  }
  return Object.assign(output, { ...TERMINAL, fd, isTTY: false, end: close, destroy: () => output })
}

/** What packages ask of a terminal, as of one that shows text alone. */
const TERMINAL = {
  columns: 80,
  rows: 24,
  getColorDepth: () => 1,
  hasColors: () => false,
  getWindowSize: () => [80, 24],
  clearLine: () => true,
  clearScreenDown: () => true,
  cursorTo: () => true,
  moveCursor: () => true,
}

/** As Node writes it, without its number of a process. */
function warningText(warning: unknown, type: unknown): string {
  if (Error.isError(warning)) return `${warning.name}: ${warning.message}`
  const given: unknown = typeof type === "object" && type !== null ? Reflect.get(type, "type") : type
  return `${typeof given === "string" ? given : "Warning"}: ${String(warning)}`
}

/** A code is a whole number. What else a hook gives is not told: its text would run code, or have no end. */
function exitCodeOf(code: unknown): string {
  if (typeof code !== "number" && typeof code !== "string") return ""
  return /^-?\d{1,10}$/.test(String(code)) ? String(code) : ""
}
