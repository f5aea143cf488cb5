import { types } from "node:util"
import { copiesOf } from "./rarely-run.ts"

/** Accessors that only give what they were set to; others may run code, or make Node load a module. */
export const SETTINGS: ReadonlySet<PropertyKey> = new Set([
  "INSPECT_MAX_BYTES",
  "captureRejections",
  "defaultMaxListeners",
  "defaultOptions",
  "globalAgent",
  "prepareStackTrace",
])

/** What changes in objects of Node's while they are used. */
export const LIVE: ReadonlySet<PropertyKey> = new Set([
  "_sessionCache",
  "freeSockets",
  "requests",
  "sockets",
  "totalSocketCount",
])

/** What a function has by itself. */
const OF_FUNCTIONS: ReadonlySet<PropertyKey> = new Set(["arguments", "caller", "length", "name", "prototype"])

const { get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect
const { isProxy } = types
const { isView } = ArrayBuffer
const OF_OBJECTS = { get, getOwnPropertyDescriptor, getPrototypeOf, ownKeys, isProxy, isView }
const TOOLS = { ...OF_OBJECTS, SETTINGS, LIVE, OF_FUNCTIONS }
const STEPS = 48

interface Walk {
  queue: unknown[]
  seen: Set<object>
  parts: Set<object>
}

const copyOfWalkOn = copiesOf(walkOn)

/** Everything that a hook could patch, as far as values and prototypes lead from `roots`. */
export function partsOf(roots: Iterable<unknown>): Set<object> {
  const walk: Walk = { queue: [...roots], seen: new Set(), parts: new Set() }
  while (walk.queue.length > 0) copyOfWalkOn()(walk, TOOLS, STEPS)
  return walk.parts
}

/** Copied by its text: all of it stands here. */
function walkOn({ queue, seen, parts }: Walk, tools: typeof TOOLS, steps: number): void {
  const { ownKeys, getOwnPropertyDescriptor, getPrototypeOf, get } = tools
  const { isProxy, isView, SETTINGS, LIVE, OF_FUNCTIONS } = tools
  for (let step = 0; step < steps && queue.length > 0; step += 1) {
    const one = queue.pop()
    if ((typeof one !== "object" && typeof one !== "function") || one === null || one === globalThis) continue
    if (seen.has(one) || isProxy(one) || isView(one)) continue
    seen.add(one)
    const keys = ownKeys(one)
    const isFunction = typeof one === "function"
    // It has nothing that could be patched: at most, a prototype that has.
    if (isFunction && keys.every((key) => OF_FUNCTIONS.has(key))) {
      const prototype = keys.includes("prototype") && getOwnPropertyDescriptor(one, "prototype")?.value
      if (!prototype) continue
      // An ordinary function has a prototype whose only property is the way back.
      if (ownKeys(prototype).length <= 1 && getPrototypeOf(prototype) === Object.prototype) continue
    } else parts.add(one)
    for (const key of keys) {
      // Reading the length of a function compiles it.
      if (LIVE.has(key) || (isFunction && key !== "prototype" && OF_FUNCTIONS.has(key))) continue
      const property = getOwnPropertyDescriptor(one, key)
      if (property?.get && property.set && SETTINGS.has(key)) queue.push(get(one, key))
      else queue.push(property?.value)
    }
    queue.push(getPrototypeOf(one))
  }
}
