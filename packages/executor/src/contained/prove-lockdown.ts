import child_process from "node:child_process"
import fs from "node:fs"
import module from "node:module"
import net from "node:net"
import worker_threads from "node:worker_threads"

/** What a locked thread still has; each entry is a wall that is down. To be run after `lockDown`. */
export function proveLockdown(process: NodeJS.Process): string[] {
  const left: Record<string, unknown> = {
    "fs is not empty": fs.readFileSync,
    "child_process is not empty": child_process.spawn,
    "module is not empty": module.createRequire,
    "worker_threads has Worker": worker_threads.Worker,
    "process can signal": process.kill,
    "process can exit": process.exit,
    "process can load": process.dlopen,
    "process can find modules": process.getBuiltinModule,
    "the global object has process": Reflect.get(globalThis, "process"),
  }
  const down = Object.keys(left).filter((name) => left[name] !== undefined)
  return opensDescriptors() ? [...down, "net.Socket opens descriptors"] : down
}

function opensDescriptors(): boolean {
  try {
    new net.Socket({ fd: 3 })
    return true
  } catch {
    return false
  }
}
