import { setTimeout as sleep } from "node:timers/promises"
import { TRIGGERS, type TriggerId } from "@hooklane/core"
import type { Answer, Api, EventAnswer } from "../api.ts"
import type { Service } from "../service.ts"

/** A synchronous call as its caller saw it. Times are epoch milliseconds. */
export interface SyncCall {
  event: number
  startedAt: number
  endedAt: number
  /** `succeeded`, the error's code, or `cut off` when the connection ended without an answer. */
  answer: string
  executionId?: string
  /** The gateway that it was sent to; none when none was there. */
  gatewayUrl?: string
}

/** An asynchronous event, submitted under one key until it was accepted. */
export interface AsyncEvent {
  event: number
  /** Its hook never succeeds. */
  isPoison: boolean
  tries: number
  /** Once it was answered with 202. */
  executionId?: string
  /** An answer that ends the trying. */
  refused?: string
}

export interface LoadOptions {
  service: Pick<Service, "gateways">
  /** Of each kind. */
  perSecond: number
  /** Distinguishes the keys of this load from those of any other. */
  name: string
}

/** Callers of both kinds, at a steady rate whatever becomes of their calls. */
export interface Load {
  calls: readonly SyncCall[]
  events: readonly AsyncEvent[]
  /** Submits events to one lane, until one is refused or `limit` were accepted; true when one was refused. */
  fill(triggerId: TriggerId, limit: number): Promise<boolean>
  /** Resolves when every call has ended and every event was accepted or given up. */
  stop(): Promise<void>
}

const TRY_AGAIN_MS = 250
const GIVE_UP_MS = 30_000
const POISON_EVERY = 20
const FILLING = 8

/** What a caller tries again after: it may pass. */
const PASSING = new Set(["lane_full", "redis_unavailable", "starting", "shutting_down", "cut off"])

export function startLoad({ service, perSecond, name }: LoadOptions): Load {
  const calls: SyncCall[] = []
  const events: AsyncEvent[] = []
  const underWay = new Set<Promise<void>>()
  let number = 0
  let turn = 0
  let isStopping = false

  /** One gateway after the other; none while all are dead. */
  function nextGateway(): Api | undefined {
    turn += 1
    return service.gateways[turn % service.gateways.length]?.api
  }

  /** Undefined when no answer came. */
  async function fire(
    triggerId: TriggerId,
    {
      marks,
      key,
      api = nextGateway(),
    }: { marks: Record<string, unknown>; key?: string; api?: Api | undefined },
  ) {
    const { sampleEvent } = TRIGGERS[triggerId]
    const body = { ...sampleEvent, context: { ...sampleEvent.context, ...marks } }
    const message = { body, ...(key && { headers: { "Idempotency-Key": key } }) }
    return api?.fire(triggerId, message).catch(() => undefined)
  }

  async function call(): Promise<void> {
    const event = ++number
    const startedAt = Date.now()
    const api = nextGateway()
    const answered = api && (await fire("credentials-exchange", { marks: { event }, api }))
    const { executionId } = answered?.body ?? {}
    calls.push({
      event,
      startedAt,
      endedAt: Date.now(),
      answer: readAnswer(answered, event),
      ...(executionId && { executionId }),
      ...(api && { gatewayUrl: api.url }),
    })
  }

  async function submit(triggerId: TriggerId): Promise<void> {
    const event = ++number
    const isPoison = event % POISON_EVERY === 0
    const sent: AsyncEvent = { event, isPoison, tries: 0 }
    events.push(sent)
    const giveUpAt = Date.now() + GIVE_UP_MS
    while (!sent.executionId && !sent.refused) {
      sent.tries += 1
      const answered = await fire(triggerId, { marks: { event, isPoison }, key: `${name}-${event}` })
      const answer = readAnswer(answered, event)
      if (answered?.status === 202) sent.executionId = answered.body.executionId
      else if (!PASSING.has(answer) || Date.now() > giveUpAt) sent.refused = answer
      else await sleep(TRY_AGAIN_MS)
    }
  }

  async function fill(triggerId: TriggerId, limit: number): Promise<boolean> {
    let left = limit
    let isFull = false
    const fillers = Array.from({ length: FILLING }, async () => {
      while (!isFull && left-- > 0) {
        const event = ++number
        const answered = await fire(triggerId, { marks: { event } })
        const { executionId } = answered?.body ?? {}
        isFull ||= answered?.body.errorCode === "lane_full"
        if (answered?.status === 202 && executionId)
          events.push({ event, isPoison: false, tries: 1, executionId })
      }
    })
    await Promise.all(fillers)
    return isFull
  }

  const start = (work: Promise<void>) => {
    underWay.add(work)
    void work.finally(() => underWay.delete(work))
  }
  const running = (async () => {
    for (let tick = 0; !isStopping; tick += 1) {
      start(call())
      start(submit(tick % 2 === 0 ? "post-user-registration" : "post-change-password"))
      await sleep(1_000 / perSecond)
    }
  })()
  return {
    calls,
    events,
    fill,
    stop: async () => {
      isStopping = true
      await running
      await Promise.all(underWay)
    },
  }
}

function readAnswer(answered: Answer<EventAnswer> | undefined, event: number): string {
  if (!answered) return "cut off"
  const { status, errorCode, result } = answered.body
  if (status === "failed") return `failed with ${JSON.stringify(answered.body.error)}`
  if (status !== "succeeded") return errorCode ?? `${answered.status} ${status}`
  const isOwn = JSON.stringify(result) === JSON.stringify({ scope: [String(event)] })
  return isOwn ? "succeeded" : `the answer of another event: ${JSON.stringify(result)}`
}
