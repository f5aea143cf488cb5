import { type ChildProcess, spawn } from "node:child_process"
import { randomUUID } from "node:crypto"
import { once } from "node:events"
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { createServer } from "node:net"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest"
import { encodeFrame } from "../src/contained/frames.ts"
import { openIdentities } from "../src/identity.ts"
import { makeRuntimeFolder, type RuntimeFolder } from "../src/runtime-folder.ts"
import { bwrap } from "../src/walls/bwrap.ts"
import { startEnclosed } from "../src/walls/enclosed-process.ts"
import type { Enclosure, Network, Rung, WallContext } from "../src/walls/enclosure.ts"
import { type EscapeTargets, proveEnclosure } from "../src/walls/prove-enclosure.ts"
import { nothing, ownUser, raiseWall } from "../src/walls/raise-wall.ts"
import { unshare } from "../src/walls/unshare.ts"
import { start } from "./harness.ts"

const isRoot = process.getuid?.() === 0
/** As root, also a user without any right: what an ordinary user's worker can raise. */
const OWNERS: [name: string, owner: Owner | undefined][] = isRoot
  ? [
      ["root", undefined],
      ["an ordinary user", { uid: 31_001, gid: 31_001 }],
    ]
  : [["an ordinary user", undefined]]

let folder: string
let runtime: RuntimeFolder
const children: ChildProcess[] = []

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "hooklane-walls-"))
  chmodSync(folder, 0o755)
  runtime = await makeRuntimeFolder()
})
afterAll(async () => {
  await runtime.remove()
  rmSync(folder, { recursive: true })
})
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL")
})

interface Owner {
  uid: number
  gid: number
}

async function raise(rung: Rung, owner: Owner | undefined, context: Partial<WallContext> = {}) {
  const found = await rung({ runtime, bwrap: process.env["HOOKLANE_BWRAP"], ...context })
  if (typeof found === "string") throw new Error(found)
  return { ...found, takeIdentity: () => owner }
}

/** A data folder, processes and sockets of the user that executors run as. */
async function targetsOf(owner: Owner | undefined) {
  const home = mkdtempSync(join(folder, "data-"))
  const key = join(home, "master.key")
  writeFileSync(key, "the key of everything", { mode: 0o600 })
  if (owner) for (const path of [home, key]) chownSync(path, owner.uid, owner.gid)
  const sibling = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], {
    ...owner,
    env: { SECRET: "of a sibling" },
    cwd: "/",
    stdio: "ignore",
  })
  children.push(sibling)
  await once(sibling, "spawn")
  const socket = join(home, "redis.sock")
  const redis = createServer((one) => one.destroy()).listen(socket)
  await once(redis, "listening")
  if (owner) chownSync(socket, owner.uid, owner.gid)
  const targets: Partial<EscapeTargets> = {
    privatePaths: [key, home],
    processes: [process.pid, process.ppid, sibling.pid ?? 0],
    sockets: [socket],
  }
  return { key, sibling, socket, targets, close: () => redis.close() }
}

async function assumeEscape(enclosure: Enclosure, owner: Owner | undefined, network: Network = "none") {
  const made = await targetsOf(owner)
  const down = await proveEnclosure({ runtime, enclosure, network, targets: made.targets })
  made.close()
  return { ...made, down }
}

describe.runIf(process.platform === "linux")("native code in an executor", () => {
  describe.each([
    ["bubblewrap", bwrap],
    ["unshare", unshare],
  ] as const)("behind %s", (_rung, rung) => {
    test.each(OWNERS)("finds nothing, started by %s", async (_owner, owner) => {
      const { down } = await assumeEscape(await raise(rung, owner), owner)
      expect(down).toEqual([])
    })

    test.each(OWNERS)(
      "finds nothing but the network in the egress broker, started by %s",
      async (_owner, owner) => {
        const { down } = await assumeEscape(await raise(rung, owner), owner, "shared")
        expect(down).toEqual([])
      },
    )

    test("shows nothing of a private folder that the runtime folder is in", async () => {
      const privatePaths = [dirname(runtime.path)]
      const prove = (enclosure: Enclosure) =>
        proveEnclosure({ runtime, enclosure, targets: { privatePaths } })
      expect(await prove(await raise(rung, undefined))).toEqual([])
      const claimed = { ...(await raise(nothing, undefined)), wall: "kernel" } as const
      expect(await prove(claimed)).toContain(`it reads ${privatePaths[0]}`)
    })
  })

  test.runIf(isRoot)("does not get at other users' files and processes as a user of its own", async () => {
    const { down } = await assumeEscape(
      await raise(ownUser(await openIdentities(runtime.entryFile)), OWNERS[1]?.[1]),
      undefined,
    )
    expect(down).toEqual([])
  })

  test.each(OWNERS)("gets at all of it without a wall, started by %s", async (_, owner) => {
    const claimed = { wall: "kernel", isFiltered: true } as const
    const { down, key, sibling, socket } = await assumeEscape(
      { ...(await raise(nothing, owner)), ...claimed },
      owner,
    )
    expect(down).toEqual(
      expect.arrayContaining([
        `it reads ${key}`,
        `it signals process ${sibling.pid}`,
        `it reads the environment of process ${sibling.pid}`,
        `it reads the memory of process ${sibling.pid}`,
        "it reads /etc/passwd",
        "it sees files that are not its own",
        "it makes a file in /tmp",
        "it starts /bin/sh",
        "it starts a process",
        "it connects to this machine",
        `it connects to the socket ${JSON.stringify(socket)}`,
      ]),
    )
  })
})

/** Runs a program of this machine in the place of Node, which a stranger's code would have to bring along. */
async function runInside(enclosure: Enclosure, args: readonly string[]) {
  const child = startEnclosed({ runtime, enclosure, network: "none", pipes: [] }, args)
  let output = ""
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    output += text
  })
  const [code] = await once(child, "close")
  return { code, output }
}

const REFUSED: [what: string, program: string, args: string[]][] = [
  ["another user namespace", "/usr/bin/unshare", ["--user", "/bin/node"]],
  ["another mount namespace", "/usr/bin/unshare", ["--mount", "/bin/node"]],
  ["the namespaces of another process", "/usr/bin/nsenter", ["--target", "1", "--net", "/bin/node"]],
  ["a mount", "/bin/mount", ["-t", "tmpfs", "none", "/dev"]],
  ["to write to what it may read", "/bin/mount", ["-o", "remount,rw", "/"]],
  ["a change of user", "/usr/bin/setpriv", ["--reuid", "12345", "/bin/node"]],
  ["a new process", "/bin/sh", ["-c", "(:)"]],
]

const EVERY_RUNG = Object.entries({ bwrap, unshare }).flatMap(([tool, rung]) =>
  OWNERS.map(([name, owner]) => ({ tool, name, rung, owner })),
)

describe.runIf(process.platform === "linux").each(EVERY_RUNG)(
  "behind $tool, started by $name, the kernel refuses",
  ({ rung, owner }) => {
    test.each(REFUSED)("%s", async (what, program, args) => {
      const enclosure = await raise(rung, owner, { program })
      // Without a filter of system calls processes may be started, of which there is nothing but Node.
      if (what === "a new process" && !enclosure.isFiltered) return
      const { code, output } = await runInside(enclosure, args)
      expect(code).not.toBe(0)
      expect(output).toMatch(
        /not permitted|denied|cannot fork|must be superuser|Invalid argument|No (such file|space)/i,
      )
    })
  },
)

describe.runIf(process.platform === "linux").each(OWNERS)("behind bwrap, started by %s", (_, owner) => {
  test.each([
    ["typing into a terminal", "0x5412"],
    ["pasting into a console", "0x541c"],
  ])("the kernel refuses %s", async (_what, request) => {
    const enclosure = await raise(bwrap, owner, { program: "/usr/bin/perl" })
    const attempt = `ioctl(STDIN, ${request}, my $typed = "a") or die "$!\n"`
    const { output } = await runInside(enclosure, ["-e", attempt])
    expect(output).toContain("Operation not permitted")
  })

  test("Node stays in the session, since nice values count within one only", async () => {
    const enclosure = await raise(bwrap, owner)
    expect(enclosure.enclose([], "none").command).not.toContain("--new-session")
  })
})

describe("a wall that is wanted and does not stand", () => {
  const none = { minimum: "kernel", privatePaths: [], bwrap: "/does/not/exist/bwrap" } as const

  test("is refused, with what was tried and what to do", async () => {
    await expect(raiseWall({ ...none, runtime, rungs: [bwrap] })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(
        /^HOOKLANE_WALLS=kernel, but the wall around hooks would be "(user|process)" here, so none is run:\n {2}- \/does\/not\/exist\/bwrap does not run/,
      ),
    })
  })

  test("counts as not there when it does not hold what it claims", async () => {
    const pretender = join(folder, "bwrap")
    writeFileSync(
      pretender,
      `#!/bin/sh
       while [ $# -gt 0 ] && [ "$1" != --seccomp ]; do shift; done
       [ $# -gt 0 ] || exit 0
       shift 3; exec "${process.execPath}" "$@"`,
      { mode: 0o755 },
    )
    const raised = raiseWall({
      runtime,
      minimum: "process",
      privatePaths: [],
      bwrap: pretender,
      rungs: [bwrap],
    })
    expect(await raised).toMatchObject({
      enclosure: { wall: isRoot ? "user" : "process" },
      reasons: [expect.stringMatching(/^bwrap does not hold here: it (reads|signals|sees) /)],
    })
  })

  test.runIf(process.platform === "linux")("gives way to the next one", async () => {
    const { enclosure, reasons } = await raiseWall({ ...none, runtime, rungs: [bwrap, unshare] })
    expect(enclosure).toMatchObject({ wall: "kernel", by: "unshare" })
    expect(reasons).toHaveLength(1)
  })

  test("is refused by a worker whose sandbox service has a lower one", async () => {
    const path = join(mkdtempSync(join(folder, "service-")), "executors.sock")
    const welcome = {
      type: "welcome",
      worker: randomUUID(),
      maxExecutors: 1,
      wall: { wall: "user", by: "setuid" },
    }
    const service = createServer((socket) => socket.once("data", () => socket.write(encodeFrame(welcome))))
    service.listen(path)
    await expect(start({ executorUrl: `unix://${path}`, minimumWall: "kernel" })).rejects.toMatchObject({
      code: "invalid_setting",
      message: expect.stringMatching(
        /^HOOKLANE_WALLS=kernel, but the wall .* in the sandbox service is "user"/,
      ),
    })
    service.close()
  })
})
