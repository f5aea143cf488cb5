/** What a build has to say, for the author of the hook: bounded, the end is kept. */
export interface BuildLog {
  write(text: string): void
  /** All that is kept, without the machine's own paths and without secrets. */
  text(): string
}

const MAX_BUILD_LOG_CHARS = 65_536

/** @param folder the work folder, which the author knows nothing of */
export function createBuildLog(folder: string, secrets: readonly string[] = []): BuildLog {
  let kept = ""
  return {
    write(text) {
      const whole = text.replaceAll(folder, "").trimEnd()
      const line = secrets.reduce((rest, secret) => rest.replaceAll(secret, "***"), whole)
      if (line !== "") kept = keepEnd(`${kept}${line}\n`)
    },
    text: () => kept,
  }
}

/** The end of a log that is too long: npm says what went wrong last. */
export function keepEnd(text: string): string {
  const marker = "…\n"
  if (text.length <= MAX_BUILD_LOG_CHARS) return text
  return marker + text.slice(text.length - MAX_BUILD_LOG_CHARS + marker.length)
}
