/** What a hook may keep between its runs: one JSON document, as text in UTF-8. Webtask's own bound. */
export const MAX_STORAGE_BYTES = 500 * 1024

/** Binds a sealed document to its hook. */
export function storageContext(hookId: string): string {
  return `storage:${hookId}`
}
