/** Binds a sealed document to its hook. */
export function storageContext(hookId: string): string {
  return `storage:${hookId}`
}
