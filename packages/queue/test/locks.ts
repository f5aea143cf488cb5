/** Locks that are missed soon, so that a test need not wait. */
export const QUICK_LOCKS = { lockMs: 600, checkMs: 300 }
