import { partsOf } from "./parts.ts"

/**
 * Objects of Node's have hidden methods by which they are cloned for, or moved to, another thread. Whoever knows their
 * names can have any internal object made. Nothing is sent from here but plain data, so they are taken away.
 */
export function closeTransfers(roots: Iterable<unknown>): void {
  for (const part of partsOf(roots)) {
    for (const key of Object.getOwnPropertySymbols(part)) {
      if (isTransferMethod(key)) Reflect.deleteProperty(part, key)
    }
  }
}

/** Node's names for them: to clone, transfer, list what goes along, make from a clone, and allow all that. */
function isTransferMethod({ description = "" }: symbol): boolean {
  return description.startsWith("messaging_") || description === "kMakeTransferable"
}
