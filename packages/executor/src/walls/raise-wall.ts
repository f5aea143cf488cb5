import { AppError, isAtLeast, type Wall } from "@hooklane/core"
import { type Identities, openIdentities } from "../identity.ts"
import { bwrap } from "./bwrap.ts"
import type { EnclosedCommand, Enclosure, Rung, WallContext } from "./enclosure.ts"
import { proveEnclosure } from "./prove-enclosure.ts"
import { sandboxExec } from "./sandbox-exec.ts"
import { unshare } from "./unshare.ts"

export interface RaisedWall {
  enclosure: Enclosure
  /** Why each higher wall does not stand here, and what would help. */
  reasons: string[]
}

export interface RaiseWallOptions extends WallContext {
  /** The least that is to stand; nothing is started below it. */
  minimum: Wall
  /** Files of ours that no executor may read. */
  privatePaths: readonly string[]
  /** From the highest wall to the lowest; a user of its own, and nothing, always come last. */
  rungs?: readonly Rung[]
}

const RUNGS: readonly Rung[] = process.platform === "darwin" ? [sandboxExec] : [bwrap, unshare]

/**
 * The highest wall that this machine lets us raise, from namespaces to nothing. Each is proven by a program that tries
 * to get past it, so one that does not hold what it claims counts as not there.
 * @throws AppError invalid_setting when it is lower than `minimum`
 */
export async function raiseWall({
  minimum,
  privatePaths,
  rungs = RUNGS,
  ...context
}: RaiseWallOptions): Promise<RaisedWall> {
  const identities = await openIdentities(context.runtime.entryFile)
  const reasons: string[] = []
  for (const rung of [...rungs, ownUser(identities), nothing]) {
    const found = await rung(context)
    const raised = typeof found === "string" ? found : await prove(found)
    if (typeof raised !== "string") return demand(minimum, { enclosure: raised, reasons })
    reasons.push(raised)
  }
  throw new AppError("internal_error", `No executor can be started: ${reasons.join("; ")}`)

  /** With a user of its own for each executor, and without where another user cannot get through. */
  async function prove(found: Omit<Enclosure, "takeIdentity">): Promise<Enclosure | string> {
    const own = "take" in identities ? identities.take : () => undefined
    const tries = found.wall === "kernel" && "take" in identities ? [own, () => undefined] : [own]
    let reason = ""
    for (const takeIdentity of tries) {
      const enclosure = { ...found, takeIdentity }
      const fault = await faultOf(enclosure)
      if (fault === undefined) return enclosure
      reason ||= fault
    }
    return `${found.by} does not hold here: ${reason}`
  }

  async function faultOf(enclosure: Enclosure): Promise<string | undefined> {
    const { runtime } = context
    try {
      const down = await proveEnclosure({ runtime, enclosure, targets: { privatePaths } })
      return down.length === 0 ? undefined : down.slice(0, 5).join(", ")
    } catch (error) {
      return explain(error instanceof Error ? error.message : String(error))
    }
  }
}

/** A user of its own for each executor, which another user cannot read, signal or trace. */
export function ownUser(identities: Identities): Rung {
  return async () =>
    "problem" in identities
      ? `executors cannot be users of their own: ${identities.problem}`
      : { ...UNENCLOSED, wall: "user", by: "setuid" }
}

/** Node's permission model alone. */
export const nothing: Rung = async () => ({ ...UNENCLOSED, wall: "process", by: "node" })

const UNENCLOSED = {
  knownFiles: { none: [], shared: [] },
  isFiltered: false,
  enclose: (nodeArgs: readonly string[]): EnclosedCommand => ({
    command: [process.execPath, ...nodeArgs],
    prelude: "",
    env: {},
  }),
}

function demand(minimum: Wall, raised: RaisedWall): RaisedWall {
  const { wall } = raised.enclosure
  if (isAtLeast(wall, minimum)) return raised
  throw new AppError(
    "invalid_setting",
    [
      `HOOKLANE_WALLS=${minimum}, but the wall around hooks would be "${wall}" here, so none is run:`,
      ...raised.reasons.map((reason) => `  - ${reason}`),
      "How to get each of them: docs/security.md.",
    ].join("\n"),
  )
}

/** Adds what helps against the usual reasons for which a kernel refuses namespaces. */
function explain(message: string): string {
  if (!/user namespace|uid map|uid_map|unshare|clone|Operation not permitted|No permissions/i.test(message))
    return message
  return (
    `${message} (this system refuses namespaces: allow them with sysctl kernel.unprivileged_userns_clone=1, on ` +
    "Ubuntu 24.04 with kernel.apparmor_restrict_unprivileged_userns=0 or a profile of AppArmor for it; in a container, " +
    "by its seccomp profile)"
  )
}
