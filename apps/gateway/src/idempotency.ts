import { createHash } from "node:crypto"
import { AppError, type ErrorCode, type Trigger } from "@hooklane/core"
import type { KeyRing } from "@hooklane/core/keyring"
import type { KeyState, KeyWrite } from "@hooklane/queue"
import { z } from "zod"
import { byDeadline, LATEST_ANSWER_MS } from "./by-deadline.ts"
import type { DispatchResult } from "./dispatch.ts"

/** Longer than any caller goes on retrying, short enough to bound what Redis holds. */
const REMEMBER_SECONDS = 24 * 3_600

const keySchema = z
  .string()
  .regex(/^[\x21-\x7e]{1,255}$/, "Idempotency-Key must be 1 to 255 visible ASCII characters")

/** Refusals that left nothing behind: the same request may succeed later. */
const NOTHING_HAPPENED: ReadonlySet<ErrorCode> = new Set([
  "lane_full",
  "overloaded",
  "no_worker",
  "circuit_open",
  "hook_not_ready",
  "hooks_missing",
  "bundle_failed",
  "invalid_body",
])

export interface IdempotencyDeps {
  keyRing: KeyRing
  takeKey: (write: KeyWrite) => Promise<KeyState | undefined>
  answerKey: (write: KeyWrite) => Promise<void>
  freeKey: (key: string) => Promise<void>
  newExecutionId: () => string
  syncTimeoutMs: number
  /** Epoch milliseconds. */
  now: () => number
  log: { warn(fields: object, message: string): void }
}

export interface KeyedRequest {
  /** As the header had it. */
  idempotencyKey: string
  clientId: string
  trigger: Trigger
  /** The request's body, to tell a repeated request from another one under the same key. */
  body: string
  /** What the caller of a synchronous trigger gives it, the way to its key included. */
  timeoutMs?: number | undefined
}

/** What a request is to be run with. */
interface Given {
  executionId: string
  /** Of a synchronous one: what is left of its time. */
  timeoutMs?: number
}

type Run = (given: Given) => Promise<DispatchResult>

/** The answer as it is remembered: what `run` gave, or the failure that it ended in. */
type Remembered =
  | { result: DispatchResult }
  | { failure: { code: ErrorCode; message: string; executionId?: string } }

/**
 * Runs a request once per key: a repeated one gets the first one's answer, or its failure, for 24 hours. An
 * asynchronous event whose storing is in doubt is stored again under the same execution, which the lane takes
 * once. An answer that cannot be remembered is given nevertheless.
 * @throws AppError conflict, when the key came with another body or its first request is still under way
 */
export async function onlyOnce(
  deps: IdempotencyDeps,
  request: KeyedRequest,
  run: Run,
): Promise<DispatchResult> {
  const key = keyOf(request)
  const isSync = request.trigger.mode === "sync"
  const timed = isSync ? ownTime(deps, request.timeoutMs) : EVENT_TIME
  const state = { executionId: deps.newExecutionId(), fingerprint: sha256(request.body) }
  // A synchronous request whose gateway dies is over at its deadline: its key must not stay taken for a day.
  const ttlSeconds = isSync ? Math.ceil(deps.syncTimeoutMs / 1_000) + 5 : REMEMBER_SECONDS
  const known = await timed.bound(deps.takeKey({ key, state, ttlSeconds }))
  if (!known) return runAndRemember(deps, { key, state, timed }, run)
  if (known.fingerprint !== state.fingerprint) {
    throw new AppError("conflict", "This Idempotency-Key was used with another body")
  }
  if (known.answer !== undefined) return recall(deps, key, known.answer)
  if (!isSync) return runAndRemember(deps, { key, state: known, timed }, run)
  throw new AppError("conflict", "The first request with this Idempotency-Key is under way", {
    retryAfterSeconds: 1,
  })
}

/** Keeps what a call does in Redis within the call's time. */
interface CallTime {
  bound: <Result>(work: Promise<Result>) => Promise<Result>
  left: () => Pick<Given, "timeoutMs">
}

/** An event has no deadline; each command to Redis has its own time. */
const EVENT_TIME: CallTime = { bound: (work) => work, left: () => ({}) }

function ownTime({ now, syncTimeoutMs }: IdempotencyDeps, timeoutMs = syncTimeoutMs): CallTime {
  const deadlineAt = now() + timeoutMs
  return {
    bound: (work) => byDeadline(work, { latestAt: deadlineAt + LATEST_ANSWER_MS, now }),
    left: () => ({ timeoutMs: Math.max(1, deadlineAt - now()) }),
  }
}

async function runAndRemember(
  deps: IdempotencyDeps,
  { key, state, timed }: { key: string; state: KeyState; timed: CallTime },
  run: Run,
): Promise<DispatchResult> {
  const { executionId } = state
  const keep = (work: Promise<void>) =>
    timed
      .bound(work)
      .catch((err: unknown) => deps.log.warn({ err, executionId }, "answer was not remembered"))
  const remember = (answer: Remembered) =>
    deps.answerKey({
      key,
      state: { ...state, answer: deps.keyRing.seal(JSON.stringify(answer), placeOf(key)) },
      ttlSeconds: REMEMBER_SECONDS,
    })
  try {
    const result = await run({ executionId, ...timed.left() })
    await keep(remember({ result }))
    return result
  } catch (error) {
    if (error instanceof AppError && NOTHING_HAPPENED.has(error.code)) await keep(deps.freeKey(key))
    else if (error instanceof AppError && error.executionId) {
      const { code, message } = error
      await keep(remember({ failure: { code, message, executionId: error.executionId } }))
    }
    throw error
  }
}

function recall({ keyRing }: IdempotencyDeps, key: string, sealed: string): DispatchResult {
  // It was sealed by `remember`, and a sealed value cannot be changed.
  const answer = JSON.parse(keyRing.open(sealed, placeOf(key))) as Remembered
  if ("result" in answer) return answer.result
  const { code, message, ...options } = answer.failure
  throw new AppError(code, message, options)
}

/** One key space per client and trigger; hashed, because Redis keys are shown in tools and logs. */
function keyOf({ idempotencyKey, clientId, trigger }: KeyedRequest): string {
  const parsed = keySchema.safeParse(idempotencyKey)
  if (!parsed.success) throw new AppError("invalid_body", parsed.error.issues[0]?.message ?? "")
  return sha256(`${clientId} ${trigger.id} ${idempotencyKey}`)
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("base64url")
}

function placeOf(key: string): string {
  return `idempotency:${key}`
}
