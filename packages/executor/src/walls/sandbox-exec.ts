import { realpath } from "node:fs/promises"
import type { Network, Rung } from "./enclosure.ts"

const SANDBOX_EXEC = "/usr/bin/sandbox-exec"

/**
 * macOS has no namespaces; its sandbox denies by a profile what they would not show. Written from Apple's own profiles and
 * not tried on every version: the proof at start decides, and where it does not hold it counts as not there.
 */
export const sandboxExec: Rung = async ({ runtime, program = process.execPath }) => {
  if (process.platform !== "darwin") return "sandbox-exec is for macOS only"
  const node = await realpath(program)
  return {
    wall: "kernel",
    by: "sandbox-exec",
    isFiltered: true,
    knownFiles: { none: [], shared: [] },
    enclose: (nodeArgs, network) => ({
      command: [SANDBOX_EXEC, "-p", profile({ node, folder: runtime.path, network }), node, ...nodeArgs],
      prelude: "",
      env: {},
    }),
  }
}

function profile({ node, folder, network }: { node: string; folder: string; network: Network }): string {
  return `(version 1)
(deny default)
(allow process-exec (literal ${quote(node)}))
(allow signal (target self))
(allow sysctl-read)
(allow file-read-metadata)
(allow file-read* (literal ${quote(node)}) (subpath ${quote(folder)}) (subpath "/usr/lib") (subpath "/System/Library"))
(allow file-read* file-write-data (literal "/dev/null") (literal "/dev/random") (literal "/dev/urandom"))
${network === "shared" ? NETWORK : ""}`
}

/** For the egress broker: connections, and names by the system's resolver. */
const NETWORK = `(allow network-outbound)
(allow system-socket)
(allow mach-lookup (global-name "com.apple.SystemConfiguration.configd"))
(allow file-read* (literal "/private/etc/hosts") (literal "/private/etc/resolv.conf"))
(allow file-read* (literal "/private/var/run/resolv.conf"))`

function quote(text: string): string {
  return JSON.stringify(text)
}
