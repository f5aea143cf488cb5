import { EventEmitter } from "node:events"
import { structuredClone } from "../structured-clone.ts"
import type { HookTimers } from "../timers.ts"

type Listener = (message: unknown) => void

/** Taken now: a hook may put another in its place. */
const { Event } = globalThis

/**
 * The `MessageChannel` of hooks, in the language itself: both ends are in the hook's own thread, and Node's could move
 * any internal object.
 */
export function createMessageChannel({ setImmediate }: Pick<HookTimers, "setImmediate">) {
  class MessagePort extends EventEmitter {
    #other: MessagePort | undefined
    onmessage: Listener | null = null

    constructor(key?: unknown) {
      if (key !== KEY) throw new TypeError("Illegal constructor")
      super()
    }
    static pair(): [MessagePort, MessagePort] {
      const ends: [MessagePort, MessagePort] = [new MessagePort(KEY), new MessagePort(KEY)]
      ends[0].#other = ends[1]
      ends[1].#other = ends[0]
      return ends
    }
    postMessage(message: unknown, transfer?: unknown): void {
      const data = structuredClone(message, Array.isArray(transfer) ? { transfer } : Object(transfer))
      const other = this.#other
      if (other) setImmediate(() => other.#take(data))
    }
    #take(data: unknown): void {
      const event = Object.assign(new Event("message"), { data, ports: [] })
      this.onmessage?.(event)
      this.emit("message", data)
      this.emit("messageevent", event)
    }
    addEventListener(type: string, listener: Listener | { handleEvent: Listener }): void {
      const call = typeof listener === "function" ? listener : listener.handleEvent
      this.on(type === "message" ? "messageevent" : type, call)
    }
    removeEventListener(type: string, listener: Listener | { handleEvent: Listener }): void {
      const call = typeof listener === "function" ? listener : listener.handleEvent
      this.off(type === "message" ? "messageevent" : type, call)
    }
    close(): void {
      const other = this.#other
      if (!other) return
      for (const end of [this, other]) {
        end.#other = undefined
        setImmediate(() => end.emit("close"))
      }
    }
    start(): void {}
    ref(): void {}
    unref(): void {}
    hasRef(): boolean {
      return false
    }
  }

  class MessageChannel {
    readonly port1: MessagePort
    readonly port2: MessagePort
    constructor() {
      const [port1, port2] = MessagePort.pair()
      this.port1 = port1
      this.port2 = port2
    }
  }
  return { MessageChannel, MessagePort }
}

const KEY = Symbol("port")
