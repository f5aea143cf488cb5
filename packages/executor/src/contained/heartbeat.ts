/**
 * Both sides of the pipe say something every 2 s. A side that hears nothing for ten beats gives up: the pipe
 * alone is no proof of life, because a hook that gets at its descriptor can keep it open or close it. Beats are
 * counted, not timed, so that a machine that slept does not look like a peer that died. A peer that spent this time
 * waiting for a processor gets more of them.
 */
export interface Heartbeat {
  /** Anything that comes in counts. */
  heard(): void
  stop(): void
}

const BEAT_MS = 2_000
const SILENT_BEATS_ALLOWED = 10
const SILENT_BEATS_OF_A_STARVED_PEER = 60

export interface HeartbeatOptions {
  beat(): void
  onSilence(): void
  /** How long the peer has waited for a processor, in ms since its start, where that can be known. */
  waitedMs?(): number
}

export function startHeartbeat({ beat, onSilence, waitedMs = () => 0 }: HeartbeatOptions): Heartbeat {
  let silentBeats = 0
  let waitedBefore = 0

  function isStarved(): boolean {
    const waited = waitedMs() - waitedBefore
    return silentBeats <= SILENT_BEATS_OF_A_STARVED_PEER && waited > (silentBeats * BEAT_MS) / 2
  }

  const timer = setInterval(() => {
    silentBeats += 1
    if (silentBeats === 2) waitedBefore = waitedMs()
    if (silentBeats > SILENT_BEATS_ALLOWED && !isStarved()) onSilence()
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
