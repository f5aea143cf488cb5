import { fileURLToPath } from "node:url"
import { startProcess } from "./bench-process.ts"
import { type Contestant, layGround } from "./contestant.ts"
import { encodeRequest } from "./http-connection.ts"
import { asyncEvent, syncEvent } from "./workload.ts"

/** Starts the peer: a gateway, a worker and a Redis, on a port unless it shall have a unix socket as the service has. */
export async function startPeer({ onSocket }: { onSocket: boolean }): Promise<Contestant> {
  const ground = await layGround({ redisOn: onSocket ? "socket" : "port" })
  const env = { PEER_REDIS: ground.redis.url.replace("unix://", "") }
  const worker = await startProcess({ file: peerFile("worker"), env })
  const gateway = await startProcess({ file: peerFile("gateway"), env })
  await worker.firstLine
  return {
    name: "peer",
    port: Number(await gateway.firstLine),
    syncRequest: encodeRequest("/sync", { body: syncEvent() }),
    asyncRequest: encodeRequest("/async", { body: asyncEvent() }),
    redisUrl: ground.redis.url,
    asyncWaitKey: "bull:hooks:wait",
    pids: { gateway: gateway.pid, workers: [worker.pid], redis: ground.redis.pid },
    close: async () => {
      await Promise.all([gateway.close(), worker.close()])
      await ground.clear()
    },
  }
}

function peerFile(name: string): string {
  return fileURLToPath(new URL(`../peer/${name}.ts`, import.meta.url))
}
