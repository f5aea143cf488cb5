/** Bounds of what a run may say, in characters. The thread, the executor and the worker each keep them. */
export const MAX_LINE_CHARS = 8_192
export const MAX_LINES = 1_000
export const MAX_ERROR_NAME_CHARS = 256
export const MAX_ERROR_TEXT_CHARS = 16_384
/** Of an error as JSON; beyond it, what it carries besides its texts is dropped. */
export const MAX_ERROR_CHARS = 65_536
/** With its mark it is within what a frame may have. */
export const MAX_REASON_CHARS = 999
export const MAX_HOST_CHARS = 255
export const MAX_PROBLEM_CHARS = 200
export const MAX_FRAME_CHARS = 300
export const MAX_STACK_FRAMES = 20

/**
 * A text of at most `maxChars`, and a mark when it was longer; cut again, it stays the same. The mark is where the
 * worker looks for the beginning of a secret.
 */
export function cutText(text: string, maxChars: number): string {
  return text.length > maxChars ? `${text.slice(0, maxChars)}…` : text
}

/** What was cut at the end of a run, in words. */
export const MAX_CUT = 20
export const MAX_CUT_CHARS = 300
