import { once } from "node:events"
import { createInterface } from "node:readline"
import { performTask } from "./perform-task.ts"
import type { Task } from "./protocol.ts"

/**
 * The entry of a build process: takes one task from its input, gives one result on its output. Its input stays
 * open for as long as somebody waits: with its end, this process and all that it started end as well.
 */
const lines = createInterface({ input: process.stdin })
const [line] = await once(lines, "line")
lines.once("close", () => process.kill(-process.pid, "SIGKILL"))

// The gateway that started this process wrote the line.
const task = JSON.parse(line) as Task
process.stdout.write(JSON.stringify(await performTask(task)), () => process.exit(0))
