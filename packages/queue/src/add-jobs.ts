import { createRequire } from "node:module"
import type { JobsOptions, Queue } from "bullmq"
import type { Redis } from "ioredis"
import { z } from "zod"
import { createScript } from "./script.ts"

/**
 * The one place below BullMQ's public surface: the jobs of one turn of the event loop go into their lane in one
 * script, which calls BullMQ's own for each. `addBulk` sends a script for each and is slower than single calls. The
 * library's version is pinned, and a test compares what is stored with what `Queue.add` stores.
 */
export interface NewJob {
  jobId: string
  /** Its data as JSON. */
  text: string
}

/** Of one name and one set of options, without delay or priority. */
export interface JobKind {
  name: string
  options: JobsOptions
}

const packaged = z.object({ addStandardJob: z.object({ content: z.string(), keys: z.literal(9) }) })

const { addStandardJob } = packaged.parse(
  createRequire(import.meta.url)("bullmq/dist/cjs/scripts/addStandardJob-9.js"),
)

/** In the order in which the script has them. */
const KEYS = ["wait", "paused", "meta", "id", "completed", "delayed", "active", "events", "marker"]

const addAll = createScript(`
  local function add(KEYS, ARGV)
    ${addStandardJob.content}
  end
  local options = cmsgpack.pack(cjson.decode(ARGV[4]))
  for i = 5, #ARGV, 2 do
    add(KEYS, { cmsgpack.pack({ ARGV[1], ARGV[i], ARGV[2], ARGV[3] }), ARGV[i + 1], options })
  end`)

/** Stores all jobs, or those up to one at which Redis failed. One that is in the queue already stays as it is. */
export async function addJobs(
  queue: Queue,
  client: Redis,
  { name, options }: JobKind,
  jobs: NewJob[],
): Promise<void> {
  const keys = KEYS.map((key) => queue.toKey(key))
  const head = [queue.toKey(""), name, Date.now(), JSON.stringify(options)]
  await addAll(client, keys, [...head, ...jobs.flatMap(({ jobId, text }) => [jobId, text])])
}
