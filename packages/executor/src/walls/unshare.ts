import { mkdir } from "node:fs/promises"
import { dirname, join } from "node:path"
import { DEVICES, filesFor, NODE, namesOf } from "./bwrap.ts"
import { PROGRAM_PATH, type Rung, type WallContext } from "./enclosure.ts"
import { networkFiles } from "./network-files.ts"
import { type BoundFile, librariesOf } from "./node-files.ts"

/** The root is built here, in a mount namespace where nobody else sees it. */
const ROOT = "root"
const UNSHARE = "/usr/bin/unshare"

/**
 * The same namespaces with the tools of util-linux, for a system without bubblewrap: no filter of system calls, and a
 * start that takes some 100 ms longer, since each mount is a program of its own.
 */
export const unshare: Rung = async (context) => {
  try {
    const files = await filesFor(context)
    await mkdir(join(context.runtime.path, ROOT), { recursive: true })
    const withNetwork = [...files, ...(await networkFiles(files))]
    const scripts = {
      none: await scriptFor(context, files),
      shared: await scriptFor(context, withNetwork),
    }
    const left = ["/.go", "/proc"]
    return {
      wall: "kernel",
      by: "unshare",
      isFiltered: false,
      knownFiles: { none: [...left, ...namesOf(files)], shared: [...left, ...namesOf(withNetwork)] },
      enclose: (nodeArgs, network) => ({
        command: [
          UNSHARE,
          ...["--user", "--map-root-user", "--mount", "--pid", "--ipc", "--uts", "--cgroup"],
          ...(network === "none" ? ["--net"] : []),
          ...["--fork", "--kill-child", "/bin/sh", "-c", scripts[network], "sh", ...nodeArgs],
        ],
        prelude: "",
        env: {},
      }),
    }
  } catch (error) {
    return `the tools of util-linux cannot be used (${error instanceof Error ? error.message.trim() : error})`
  }
}

/**
 * Runs as the first process of the new namespaces. It keeps all rights in them, which the program that it starts gives
 * up before it waits for the old root to be gone; from then on nothing but Node can be started.
 */
async function scriptFor({ runtime }: WallContext, files: readonly BoundFile[]): Promise<string> {
  const tools = await librariesOf("/usr/bin/mount")
  const folders = [...new Set(tools.map(({ target }) => `/.old${dirname(target)}`))]
  const path = PROGRAM_PATH.split(":").map((folder) => `/.old${folder}`)
  return `set -e
PATH=${PROGRAM_PATH}
bind() {
  if [ -d "$1" ]; then mkdir -p "${ROOT}$2"; else mkdir -p "${ROOT}\${2%/*}"; : > "${ROOT}$2"; fi
  mount -n --bind "$1" "${ROOT}$2"
  mount -n -o "remount,bind,nosuid$3" "${ROOT}$2"
}
mount -n -t tmpfs -o mode=755,size=1m,nosuid,nodev none ${ROOT}
mkdir ${ROOT}/.old
mkfifo ${ROOT}/.go
ln -s .old/proc ${ROOT}/proc
${[...files, { source: runtime.path, target: runtime.path }].map(({ source, target }) => `bind ${quote(source)} ${quote(target)} ,ro,nodev`).join("\n")}
${DEVICES.map((device) => `bind ${device} ${device} ""`).join("\n")}
hostname hook
echo 0 > /proc/sys/user/max_user_namespaces
cd ${ROOT}
pivot_root . .old
cd ${quote(runtime.path)}
export LD_LIBRARY_PATH=${quote(folders.join(":"))} PATH=${path.join(":")}
setpriv --no-new-privs --bounding-set=-all --inh-caps=-all --securebits=+noroot,+noroot_locked \
  sh -c 'read go < /.go; unset LD_LIBRARY_PATH PATH OLDPWD; exec ${NODE} "$@"' sh "$@" &
exec 3>&- 4>&- 7> /.go
mount -n -i -o remount,ro,bind none /
umount -n -i -l /.old
echo go >&7
exec 7>&-
wait $!`
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
