import { ulid } from "ulid"

const RANDOM_CHARS = 16

/**
 * An id that sorts by the time it was made. The random part is drawn at once: by itself ulid asks the system for
 * each character, which takes 20 µs instead of 2.
 */
export function newExecutionId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(RANDOM_CHARS))
  let next = 0
  return `exe_${ulid(undefined, () => (bytes[next++] ?? 0) / 256)}`
}
