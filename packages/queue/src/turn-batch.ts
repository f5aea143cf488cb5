import { atTurnEnd } from "./turn-end.ts"

export interface TurnBatchOptions<Item> {
  /** Sends what one turn of the event loop brought, or a part of it. */
  send(items: Item[]): Promise<unknown>
  /** Of one item, in characters. */
  sizeOf(item: Item): number
}

/** Redis does nothing else while it runs a script: these bound it to some milliseconds. */
const MAX_ITEMS = 100
const MAX_CHARS = 1_000_000

/**
 * Gathers what is given within one turn of the event loop and sends it together, in its order. Each call ends as the
 * sending of its part does.
 */
export function createTurnBatch<Item>({ send, sizeOf }: TurnBatchOptions<Item>) {
  let gathered: Batch<Item> | undefined

  function open(): Batch<Item> {
    const batch: Batch<Item> = { items: [], chars: 0, ...Promise.withResolvers<void>() }
    atTurnEnd(() => {
      if (gathered === batch) gathered = undefined
      Promise.try(send, batch.items).then(() => batch.resolve(), batch.reject)
    })
    return batch
  }

  return (item: Item): Promise<void> => {
    if (gathered && (gathered.items.length >= MAX_ITEMS || gathered.chars >= MAX_CHARS)) gathered = undefined
    gathered ??= open()
    gathered.items.push(item)
    gathered.chars += sizeOf(item)
    return gathered.promise
  }
}

interface Batch<Item> extends PromiseWithResolvers<void> {
  items: Item[]
  chars: number
}
