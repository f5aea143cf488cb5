import { type StandingWall, standingWallSchema, WALLS } from "@hooklane/core"
import { z } from "zod"

/** Hears from the workers' log what holds native code in the processes of their hooks. */
export interface WallWatch {
  take(line: string): void
  /** In a few words; undefined until a worker has said it. The lowest of all workers counts. */
  describe(): string | undefined
}

const startedSchema = z.object({ msg: z.literal("worker started"), ...standingWallSchema.shape })

export function watchWall(): WallWatch {
  let lowest: StandingWall | undefined
  return {
    take(line) {
      if (!line.includes('"msg":"worker started"')) return
      const { success, data } = startedSchema.safeParse(parse(line))
      if (success && (!lowest || WALLS.indexOf(data.wall) < WALLS.indexOf(lowest.wall))) lowest = data
    },
    describe: () => lowest && describe(lowest),
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}

function describe({ wall, by }: StandingWall): string {
  switch (wall) {
    case "kernel":
      return `walled in by the kernel (${by})`
    case "user":
      return "each a user of its own; the log says why it is not walled in by the kernel"
    case "process":
      return "held by Node alone: install bubblewrap; the log says more, and docs/security.md"
    default:
      return wall satisfies never
  }
}
