import type { Readable } from "node:stream"

/** A longer line is taken in pieces: what a process prints without an end of line must not fill the memory. */
const MAX_LINE_CHARS = 1_048_576

/**
 * Takes what a process prints line by line. A line ends with a line feed and with nothing else: `readline` also ends
 * one at U+2028, which JSON leaves as it is, and so would make a line of its own of what follows it in a text.
 */
export function readLines(stream: Readable, take: (line: string) => void): void {
  let rest = ""
  stream
    .setEncoding("utf8")
    .on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n")
      rest = lines.pop() ?? ""
      for (const line of lines) take(line.replace(/\r$/, ""))
      if (rest.length <= MAX_LINE_CHARS) return
      take(rest)
      rest = ""
    })
    .on("end", () => {
      if (rest) take(rest)
    })
}
