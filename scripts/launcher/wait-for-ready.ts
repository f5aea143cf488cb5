import { setTimeout as delay } from "node:timers/promises"

const POLL_MS = 100
const PATIENCE_MS = 15_000

export interface ReadinessOptions {
  /** Where the gateway is, once that is known. */
  findUrl: () => Promise<string | undefined>
  /** Ends the wait with the signal's reason. */
  signal: AbortSignal
  /** Told what keeps it, every 15 s. */
  note: (text: string) => void
}

/** Resolves with the gateway's address when GET /readyz answers 200, however long that takes. */
export async function waitForReady({ findUrl, signal, note }: ReadinessOptions): Promise<string> {
  let notedAt = Date.now()
  for (;;) {
    signal.throwIfAborted()
    const url = await findUrl()
    const problem = url ? await askReadiness(url) : "the gateway has not said where it listens"
    if (url && !problem) return url
    if (Date.now() - notedAt >= PATIENCE_MS) {
      note(`still not ready: ${problem}`)
      notedAt = Date.now()
    }
    await delay(POLL_MS, undefined, { signal }).catch(() => {})
  }
}

/** Undefined when it is ready, else why it is not. */
async function askReadiness(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(new URL("/readyz", url), { signal: AbortSignal.timeout(2_000) })
    const body = await answer.text()
    return answer.status === 200 ? undefined : `GET /readyz answers ${answer.status}: ${body.slice(0, 300)}`
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error
    return `GET ${url}/readyz: ${cause instanceof Error ? cause.message : cause}`
  }
}
