// @ts-check
// Plain JavaScript: the first lines of every command run under the system's Node, before anything is installed.

/** A failure that a person can act on: the message is all there is to show, without a stack. */
export class PlainError extends Error {}

/**
 * Runs one step and shows it: a line that counts the seconds on a terminal, a line at each end elsewhere.
 * @template Result
 * @param {string} title
 * @param {(note: (text: string) => void) => Promise<Result>} run `note` says what the step is waiting for
 * @param {NodeJS.WriteStream} [out]
 * @returns {Promise<Result>}
 */
export async function step(title, run, out = process.stdout) {
  const line = out.isTTY ? liveLine(title, out) : plainLine(title, out)
  const startedAt = Date.now()
  const seconds = () => `${((Date.now() - startedAt) / 1000).toFixed(1)} s`
  try {
    const result = await run((text) => line.note(text))
    line.end(`✓ ${title} (${seconds()})`)
    return result
  } catch (error) {
    line.end(`✗ ${title} (${seconds()})`)
    throw error
  }
}

/**
 * @param {string} title
 * @param {NodeJS.WriteStream} out
 */
function liveLine(title, out) {
  const startedAt = Date.now()
  let note = ""
  const draw = () => {
    const seconds = Math.round((Date.now() - startedAt) / 1000)
    const text = `… ${title}${note && `: ${note}`}${seconds ? ` (${seconds} s)` : ""}`
    out.write(`\r\x1b[K${text.slice(0, (out.columns || 80) - 1)}`)
  }
  const timer = setInterval(draw, 1000)
  timer.unref()
  draw()
  return {
    /** @param {string} text */
    note: (text) => {
      note = text
      draw()
    },
    /** @param {string} text */
    end: (text) => {
      clearInterval(timer)
      out.write(`\r\x1b[K${text}\n`)
    },
  }
}

/**
 * @param {string} title
 * @param {NodeJS.WriteStream} out
 */
function plainLine(title, out) {
  out.write(`… ${title}\n`)
  return {
    /** @param {string} text */
    note: (text) => void out.write(`… ${title}: ${text}\n`),
    /** @param {string} text */
    end: (text) => void out.write(`${text}\n`),
  }
}
