import { setTimeout as delay } from "node:timers/promises"
import { type HttpConnection, openHttp } from "./http-connection.ts"
import { keepInFlight, type Pace, paceOf, type Span } from "./in-flight.ts"

interface Target {
  port: number
  request: Buffer
}

/** Sends the request again and again over as many connections as there are requests under way. */
export async function load({ port, request }: Target, span: Span): Promise<Pace> {
  const connections = await openMany(port, span.inFlight)
  const pace = await keepInFlight((_, caller) => connections[caller]?.send(request), span)
  for (const connection of connections) connection.close()
  return pace
}

/** Sends the request at even distances, however long the answers take; waiting for a turn counts. */
export async function loadAtRate(
  { port, request }: Target,
  { perSecond, ms }: { perSecond: number; ms: number },
): Promise<Pace> {
  const free = await openMany(port, 4)
  const startedAt = performance.now()
  const times: Promise<number>[] = []
  for (let sent = 0; sent < (perSecond * ms) / 1_000; sent += 1) {
    const dueAt = startedAt + (sent * 1_000) / perSecond
    await delay(Math.max(0, dueAt - performance.now()))
    const connection = free.pop() ?? (await openHttp(port))
    const answered = connection.send(request).then(() => performance.now() - dueAt)
    times.push(answered.finally(() => free.push(connection)))
  }
  const pace = paceOf(await Promise.all(times), startedAt)
  for (const connection of free) connection.close()
  return pace
}

function openMany(port: number, count: number): Promise<HttpConnection[]> {
  return Promise.all(Array.from({ length: count }, () => openHttp(port)))
}
