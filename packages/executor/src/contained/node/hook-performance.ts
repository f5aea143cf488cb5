import { clockMs } from "../progress.ts"
import { structuredClone } from "../structured-clone.ts"

interface Entry {
  name: string
  entryType: "mark" | "measure"
  startTime: number
  duration: number
  detail: unknown
}

interface MarkOptions {
  startTime?: number
  detail?: unknown
}

interface MeasureOptions {
  start?: string | number
  end?: string | number
  duration?: number
  detail?: unknown
}

const nothing = () => {}

/** What is not measured for hooks; packages call it. */
const UNMEASURED = {
  eventLoopUtilization: () => ({ idle: 0, active: 0, utilization: 0 }),
  markResourceTiming: nothing,
  timerify: (act: unknown) => act,
  clearResourceTimings: nothing,
  setResourceTimingBufferSize: nothing,
  nodeTiming: { name: "node", entryType: "node", startTime: 0, duration: 0 },
}

/** As many marks and measures are kept; the oldest go first. */
const MAX_ENTRIES = 1_000

/**
 * The `performance` of hooks: its clock is Node's, its marks and measures are plain objects of its own. Node's own
 * clone the detail that they are given, with the powers that `structuredClone` must not have.
 */
export function createHookPerformance(): object {
  const timeOrigin = Date.now()
  const startedAt = clockMs()
  const now = () => clockMs() - startedAt
  let entries: Entry[] = []

  function add(entry: Entry): Entry {
    entries.push(entry)
    if (entries.length > MAX_ENTRIES) entries.shift()
    return entry
  }

  function timeOf(mark: string | number | undefined, otherwise: number): number {
    if (mark === undefined) return otherwise
    if (typeof mark === "number") return mark
    const found = entries.findLast(({ name, entryType }) => entryType === "mark" && name === mark)
    if (!found) throw new DOMException(`The "${mark}" performance mark has not been set`, "SyntaxError")
    return found.startTime
  }

  function mark(name: unknown, { startTime = now(), detail = null }: MarkOptions = {}): Entry {
    const copy = structuredClone(detail)
    return add({ name: String(name), entryType: "mark", startTime, duration: 0, detail: copy })
  }

  function measure(name: unknown, from?: string | MeasureOptions, to?: string): Entry {
    const options: MeasureOptions =
      typeof from === "object" && from !== null
        ? from
        : { ...(from && { start: from }), ...(to && { end: to }) }
    const { start, end, duration, detail = null } = options
    const begun =
      start === undefined && duration !== undefined ? timeOf(end, now()) - duration : timeOf(start, 0)
    const ended = end === undefined && duration !== undefined ? begun + duration : timeOf(end, now())
    const copy = structuredClone(detail)
    return add({
      name: String(name),
      entryType: "measure",
      startTime: begun,
      duration: ended - begun,
      detail: copy,
    })
  }

  const clear = (entryType: Entry["entryType"]) => (name?: unknown) => {
    entries = entries.filter(
      (one) => one.entryType !== entryType || (name !== undefined && one.name !== name),
    )
  }

  return {
    now,
    timeOrigin,
    mark,
    measure,
    clearMarks: clear("mark"),
    clearMeasures: clear("measure"),
    getEntries: () => [...entries],
    getEntriesByName: (name: unknown) => entries.filter((one) => one.name === name),
    getEntriesByType: (type: unknown) => entries.filter((one) => one.entryType === type),
    ...UNMEASURED,
    toJSON: () => ({ timeOrigin }),
  }
}
