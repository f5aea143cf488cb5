import type { Execution } from "../api.ts"
import type { Entry } from "./ledger.ts"
import type { AsyncEvent, SyncCall } from "./load.ts"

/** What the history says at the end, by execution. */
export type Executions = ReadonlyMap<string, Execution>

interface Told {
  calls: readonly SyncCall[]
  events: readonly AsyncEvent[]
  entries: readonly Entry[]
  executions: Executions
}

/** What callers were told, what hooks did and what the history says have to be the same. */
export function checkAnswers({ calls, events, entries, executions }: Told): string[] {
  const done = new Set(entries.map(({ executionId }) => executionId))
  const unknown = new Set(
    entries.filter(({ executionId }) => !executions.has(executionId)).map(({ event }) => event),
  )
  return [
    ...calls.flatMap((call) => checkCall(call, executions, done)),
    ...events.flatMap((event) => checkEvent(event, executions, done)),
    ...[...unknown].map((event) => `event ${event} is in the ledger, and its execution not in the history`),
  ]
}

/** Who was told of a result was told of that one, and there is no other. Refusals have no execution. */
function checkCall(
  { event, answer, executionId }: SyncCall,
  executions: Executions,
  done: ReadonlySet<string>,
): string[] {
  if (executionId === undefined)
    return answer === "succeeded" ? [`call ${event} succeeded without an execution`] : []
  const execution = executions.get(executionId)
  if (!execution)
    return [`call ${event} was answered with ${answer}, and ${executionId} is not in the history`]
  const { status, attempts, failure } = execution
  const broken: string[] = []
  if ((answer === "succeeded") !== (status === "succeeded"))
    broken.push(`call ${event} was answered with ${answer}, and ${executionId} is ${status} (${failure})`)
  if (attempts.length > 1) broken.push(`call ${event} has ${attempts.length} attempts`)
  if (answer === "succeeded" && !done.has(executionId))
    broken.push(`call ${event} succeeded, and its hook did nothing`)
  return broken
}

function checkEvent(
  { event, executionId = "" }: AsyncEvent,
  executions: Executions,
  done: ReadonlySet<string>,
): string[] {
  if (executions.get(executionId)?.status !== "succeeded" || done.has(executionId)) return []
  return [`event ${event} (${executionId}) is succeeded, and its hook did nothing`]
}
