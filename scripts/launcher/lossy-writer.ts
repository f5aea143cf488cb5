import { writeSync } from "node:fs"

/** Takes text and never fails: what cannot be written is dropped and counted. */
export interface LossyWriter {
  write(text: string): void
}

export interface LossyWriterDeps {
  /** Writes all of it or throws. */
  writeAll: (text: string) => void
  /** Told once when writing begins to fail. */
  onTrouble?: (error: Error) => void
  /** What stands in place of the lines that are missing. */
  describeLoss: (lines: number) => string
}

export function createLossyWriter({
  writeAll,
  onTrouble = () => {},
  describeLoss,
}: LossyWriterDeps): LossyWriter {
  let lost = 0
  return {
    write: (text) => {
      try {
        // The line break ends what may have been written in part.
        writeAll(lost === 0 ? text : `\n${describeLoss(lost)}\n${text}`)
        lost = 0
      } catch (error) {
        lost += 1
        if (lost === 1) onTrouble(error instanceof Error ? error : new Error(String(error)))
      }
    },
  }
}

/** @throws as the system does; a part may have been written then */
export function writeAllSync(file: number, text: string): void {
  for (let bytes = Buffer.from(text); bytes.length > 0; ) bytes = bytes.subarray(writeSync(file, bytes))
}

/**
 * Prints lines on standard output for as long as somebody takes them: a reader that is gone, a full disk behind it or
 * a pipe that nobody empties holds up nothing.
 */
export function openTerminal(): LossyWriter {
  // To look at it is what makes Node write to a pipe without waiting.
  surviveBrokenOutput(process.stdout)
  surviveBrokenOutput(process.stderr)
  return createLossyWriter({
    writeAll: (text) => writeAllSync(1, text),
    describeLoss: (lines) => `(${lines} lines could not be shown)`,
  })
}

function surviveBrokenOutput(output: NodeJS.WriteStream): void {
  output.on("error", () => {})
}
