import { writeSync } from "node:fs"
import { AppError } from "./errors.ts"

/** Says to whoever started it that starting it again would end in the same way (EX_CONFIG of sysexits). */
export const CANNOT_START = 78

/**
 * Starts a process. What an operator can put right ends it with the sentence that says what, and nothing else;
 * anything else is a bug, and keeps its stack.
 */
export async function runProcess(start: () => Promise<void>): Promise<void> {
  try {
    await start()
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    tell(error.message)
    process.exit(CANNOT_START)
  }
}

function tell(sentence: string): void {
  try {
    writeSync(2, `${sentence}\n`)
  } catch {
    // Nobody listens.
  }
}
