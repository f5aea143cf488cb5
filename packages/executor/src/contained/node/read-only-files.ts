import type { EventEmitter } from "node:events"
import { Readable, Writable } from "node:stream"
import { inertEmitter } from "./inert.ts"
import { refusal } from "./refusal.ts"

const { getBuiltinModule, nextTick } = process
const constants = { ...getBuiltinModule("fs").constants }

/** What looks for a file at once, with the system call that Node names when there is none. */
const LOOKS: Readonly<Record<string, string>> = {
  accessSync: "access",
  lstatSync: "lstat",
  opendirSync: "opendir",
  openSync: "open",
  readFileSync: "open",
  readdirSync: "scandir",
  readlinkSync: "readlink",
  realpathSync: "lstat",
  statSync: "stat",
  statfsSync: "statfs",
}

type Act = (...args: unknown[]) => unknown

export interface FilePowers {
  stdout: { write(text: string): unknown }
  stderr: { write(text: string): unknown }
}

/**
 * What the `fs` of hooks does: it is a file system without any file, as packages meet it that look for files that need
 * not be there. The rest is denied. Text for the descriptors 1 and 2 is printed, since loggers write there.
 */
export function createReadOnlyFiles({ stdout, stderr }: FilePowers): object {
  const outputs: Readonly<Record<string, FilePowers["stdout"]>> = { 1: stdout, 2: stderr }

  function writeSync(fd: unknown, data: unknown): number {
    const output = outputs[String(fd)]
    if (!output) throw refusal("fs.writeSync")
    const text = typeof data === "string" ? data : Buffer.from(Object(data)).toString("utf8")
    output.write(text)
    return Buffer.byteLength(text)
  }

  function write(fd: unknown, data: unknown, ...rest: unknown[]): void {
    const callback = rest.at(-1)
    const done: Act = typeof callback === "function" ? asAct(callback) : () => {}
    if (!outputs[String(fd)]) nextTick(done, refusal("fs.write"))
    else nextTick(done, null, writeSync(fd, data), data)
  }

  const watcher: object = {
    ...inertEmitter(() => watcher),
    close() {},
    ref: () => watcher,
    unref: () => watcher,
  }
  return {
    ...Object.fromEntries(Object.entries(LOOKS).map(([name, call]) => [name, lookFor(name, call)])),
    constants,
    F_OK: constants.F_OK,
    R_OK: constants.R_OK,
    W_OK: constants.W_OK,
    X_OK: constants.X_OK,
    existsSync: () => false,
    exists: (_: unknown, callback: Act) => nextTick(callback, false),
    writeSync,
    write,
    fsyncSync() {},
    watch: () => watcher,
    watchFile: () => watcher,
    unwatchFile() {},
    createReadStream: (path: unknown) =>
      failing(new Readable({ read() {} }), missing("createReadStream", "open", path)),
    createWriteStream: () => failing(new Writable({ write() {} }), refusal("fs.createWriteStream")),
  }
}

function lookFor(name: string, call: string): Act {
  const look: Act = (path, options) => {
    if (Reflect.get(Object(options), "throwIfNoEntry") === false) return undefined
    throw missing(name, call, path)
  }
  return name === "realpathSync" ? Object.assign(look, { native: look }) : look
}

/** Node's own error, and why. */
function missing(name: string, call: string, path: unknown): Error {
  const message = `ENOENT: no such file or directory, ${call} '${String(path)}' (fs.${name} is not available to hooks)`
  return Object.assign(new Error(message), { errno: -2, code: "ENOENT", syscall: call, path })
}

function failing<Stream extends EventEmitter & { destroy(error: Error): unknown }>(
  stream: Stream,
  error: Error,
): Stream {
  nextTick(() => stream.destroy(error))
  return stream
}

/** It is a function. */
function asAct(value: unknown): Act {
  return value as Act
}
