/**
 * Both sides of the pipe say something every 2 s. A side that hears nothing for five beats gives up: the pipe
 * alone is no proof of life, because a hook that gets at its descriptor can keep it open or close it. Beats are
 * counted, not timed, so that a machine that slept does not look like a peer that died.
 */
export interface Heartbeat {
  /** Anything that comes in counts. */
  heard(): void
  stop(): void
}

const BEAT_MS = 2_000
const SILENT_BEATS_ALLOWED = 5

export function startHeartbeat({ beat, onSilence }: { beat(): void; onSilence(): void }): Heartbeat {
  let silentBeats = 0
  const timer = setInterval(() => {
    silentBeats += 1
    if (silentBeats > SILENT_BEATS_ALLOWED) onSilence()
    else beat()
  }, BEAT_MS)
  timer.unref()
  return {
    heard: () => {
      silentBeats = 0
    },
    stop: () => clearInterval(timer),
  }
}
