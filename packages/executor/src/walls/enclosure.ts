import type { StandingWall } from "@hooklane/core"
import type { Identity } from "../identity.ts"
import type { RuntimeFolder } from "../runtime-folder.ts"

/** `none`: an empty network of its own. `shared`: the machine's, for the broker alone. */
export type Network = "none" | "shared"

/** How Node is started behind a wall. */
export interface EnclosedCommand {
  command: [string, ...string[]]
  /** Shell commands that come before it, in the runtime folder; empty, or ended with a semicolon. */
  prelude: string
  /** What the command needs in its environment; nothing of it reaches the program. */
  env: Record<string, string>
}

/** A way to start a program of ours in the runtime folder so that native code in it finds nothing else. */
export interface Enclosure extends StandingWall {
  enclose(nodeArgs: readonly string[], network: Network): EnclosedCommand
  /** A filter keeps it from most of the kernel's calls, those that start processes among them. */
  isFiltered: boolean
  /** What can be seen besides the runtime folder. */
  knownFiles: Record<Network, readonly string[]>
  /** A user of its own for each executor, where the machine lets us change users. */
  takeIdentity(): Identity | undefined
}

/** What the ways to raise a wall work with. */
export interface WallContext {
  runtime: RuntimeFolder
  /** `bwrap` that was set or fetched; looked for on the PATH without it. */
  bwrap?: string | undefined
  /** What is started in the place of Node: for tests of what a program of the system could do there. */
  program?: string
}

/** How to come by a wall, or a sentence that says why not, and what would help. */
export type Rung = (context: WallContext) => Promise<Omit<Enclosure, "takeIdentity"> | string>

/** Where programs of the system are. Not our own PATH, which may name folders that others can write. */
export const PROGRAM_PATH = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"
