import { createServer } from "node:http"
import { text } from "node:stream/consumers"
import { z } from "zod"

const entrySchema = z.strictObject({ executionId: z.string(), attempt: z.int(), event: z.int() })

/** One effect of a hook: it tells which execution it belongs to. */
export type Entry = z.infer<typeof entrySchema>

/** A service behind the hooks: what they did, in the order in which it was done. */
export interface Ledger {
  /** As hooks and HOOKLANE_EGRESS_EXCEPTIONS name it. */
  host: string
  entries: readonly Entry[]
  close(): Promise<void>
}

/** Takes entries as `POST /` with JSON. */
export async function openLedger(): Promise<Ledger> {
  const entries: Entry[] = []
  const server = createServer(async (request, response) => {
    // A hook may be killed in the middle of its request: then nothing was done.
    const body = await text(request).catch(() => undefined)
    if (body === undefined) return
    entries.push(entrySchema.parse(JSON.parse(body)))
    response.writeHead(204).end()
  })
  await new Promise<void>((done, fail) => server.once("error", fail).listen(0, "127.0.0.1", done))
  const address = server.address()
  if (address === null || typeof address === "string") throw new Error("A TCP server has no port")
  return {
    host: `127.0.0.1:${address.port}`,
    entries,
    close: async () => {
      server.closeAllConnections()
      await new Promise((done) => server.close(done))
    },
  }
}
