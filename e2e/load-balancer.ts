import { Agent, type IncomingMessage, request } from "node:http"
import { text } from "node:stream/consumers"
import { setTimeout as sleep } from "node:timers/promises"

/** Spreads requests over gateways as docs/operations.md wants it of a load balancer. */
export interface LoadBalancer {
  /** Resolves when it was ready; from then on it is sent requests whenever it is. */
  add(url: string): Promise<void>
  /** Forgets one that is gone. */
  remove(url: string): void
  /** Rejects when the connection ended without an answer, or when no gateway is ready. */
  post(path: string, message: { headers: Record<string, string>; body: string }): Promise<Answered>
  close(): Promise<void>
}

export interface Answered {
  status: number
  body: string
}

interface Backend {
  url: string
  /** Connections are kept, as a load balancer does. */
  agent: Agent
  isReady: boolean
}

interface Message {
  method: string
  headers?: Record<string, string>
  body?: string
}

export function openLoadBalancer({ probeEveryMs }: { probeEveryMs: number }): LoadBalancer {
  const backends = new Map<string, Backend>()
  const closing = new AbortController()
  let turn = 0

  async function probe(backend: Backend): Promise<void> {
    const answer = await send(backend, "/readyz", { method: "GET" }).catch(() => undefined)
    backend.isReady = answer?.status === 200
  }

  async function probeAll(): Promise<void> {
    while (!closing.signal.aborted) {
      await Promise.all([...backends.values()].map(probe))
      await sleep(probeEveryMs, undefined, { signal: closing.signal }).catch(() => undefined)
    }
  }

  /** Where nothing was sent yet, the next one may be tried; any other failure is the caller's. */
  async function post(path: string, message: { headers: Record<string, string>; body: string }) {
    const ready = [...backends.values()].filter(({ isReady }) => isReady)
    turn += 1
    for (const [index] of ready.entries()) {
      const backend = ready[(turn + index) % ready.length]
      if (!backend) continue
      try {
        return await send(backend, path, { method: "POST", ...message })
      } catch (error) {
        if (!isRefused(error)) throw error
        backend.isReady = false
      }
    }
    throw new Error("No gateway is ready")
  }

  const probing = probeAll()
  return {
    add: async (url) => {
      const backend = { url, agent: new Agent({ keepAlive: true }), isReady: false }
      backends.set(url, backend)
      while (!backend.isReady) await sleep(probeEveryMs, undefined, { signal: closing.signal })
    },
    remove: (url) => {
      backends.get(url)?.agent.destroy()
      backends.delete(url)
    },
    post,
    close: async () => {
      closing.abort()
      await probing
      for (const { agent } of backends.values()) agent.destroy()
    },
  }
}

async function send(
  { url, agent }: Backend,
  path: string,
  { method, headers, body }: Message,
): Promise<Answered> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>()
  const sent = request(
    url + path,
    { method, agent, headers: { "content-type": "application/json", ...headers } },
    resolve,
  )
  sent.on("error", reject).end(body)
  const response = await promise
  return { status: response.statusCode ?? 0, body: await text(response) }
}

function isRefused(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ECONNREFUSED"
}
