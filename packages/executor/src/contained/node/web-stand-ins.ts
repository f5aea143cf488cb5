import { deny } from "./denied-module.ts"

const { arch, platform, version } = process

/** Taken now: a hook may put another in its place. */
const { Event } = globalThis

type EventOptions = NonNullable<ConstructorParameters<typeof Event>[1]>

interface MessageEventInit extends EventOptions {
  data?: unknown
  origin?: string
  lastEventId?: string
  source?: unknown
  ports?: unknown[]
}

class MessageEvent extends Event {
  readonly data: unknown
  readonly origin: string
  readonly lastEventId: string
  readonly source: unknown
  readonly ports: unknown[]
  constructor(type: string, init: MessageEventInit = {}) {
    super(type, init)
    this.data = init.data ?? null
    this.origin = String(init.origin ?? "")
    this.lastEventId = String(init.lastEventId ?? "")
    this.source = init.source ?? null
    this.ports = [...(init.ports ?? [])]
  }
}

interface CloseEventInit extends EventOptions {
  wasClean?: boolean
  code?: number
  reason?: string
}

class CloseEvent extends Event {
  readonly wasClean: boolean
  readonly code: number
  readonly reason: string
  constructor(type: string, init: CloseEventInit = {}) {
    super(type, init)
    this.wasClean = Boolean(init.wasClean)
    this.code = Number(init.code ?? 0)
    this.reason = String(init.reason ?? "")
  }
}

interface ErrorEventInit extends EventOptions {
  message?: string
  filename?: string
  lineno?: number
  colno?: number
  error?: unknown
}

class ErrorEvent extends Event {
  readonly message: string
  readonly filename: string
  readonly lineno: number
  readonly colno: number
  readonly error: unknown
  constructor(type: string, init: ErrorEventInit = {}) {
    super(type, init)
    this.message = String(init.message ?? "")
    this.filename = String(init.filename ?? "")
    this.lineno = Number(init.lineno ?? 0)
    this.colno = Number(init.colno ?? 0)
    this.error = init.error
  }
}

/** Says what Node's says, of a machine with one processor. */
class Navigator {
  readonly hardwareConcurrency = 1
  readonly language = "en-US"
  readonly languages = Object.freeze(["en-US"])
  readonly platform = `${platform} ${arch}`
  readonly userAgent = `Node.js/${version.slice(1).split(".")[0]}`
}

/** Globals that only look like Node's: theirs would clone and transfer, or connect by ways of their own. */
export function createWebStandIns(): Record<string, unknown> {
  return {
    MessageEvent,
    CloseEvent,
    ErrorEvent,
    Navigator,
    navigator: new Navigator(),
    BroadcastChannel: deny("BroadcastChannel"),
    WebSocket: deny("WebSocket", "require the package ws"),
  }
}
