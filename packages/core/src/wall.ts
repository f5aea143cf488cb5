import { z } from "zod"

/**
 * What holds native code that runs in an executor, from nothing to everything: `process` is Node's permission model
 * alone, which such code is past; `user` a user of its own; `kernel` namespaces without files, network and processes.
 */
export const WALLS = ["process", "user", "kernel"] as const
export const wallSchema = z.enum(WALLS)
export type Wall = z.infer<typeof wallSchema>

/** The wall that was proven where executors start, and the program that raises it. */
export const standingWallSchema = z.strictObject({
  wall: wallSchema,
  by: z.enum(["bwrap", "unshare", "sandbox-exec", "setuid", "node"]),
})
export type StandingWall = z.infer<typeof standingWallSchema>

/** Whether `wall` holds no less than `minimum` does. */
export function isAtLeast(wall: Wall, minimum: Wall): boolean {
  return WALLS.indexOf(wall) >= WALLS.indexOf(minimum)
}
