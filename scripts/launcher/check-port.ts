import { createServer } from "node:net"
import type { Config } from "@hooklane/core"
import { PlainError } from "../bootstrap/steps.mjs"

/** @throws PlainError when the gateway could not listen at HOST and PORT, before anything is started for it */
export async function checkPort({ host, port }: Pick<Config, "host" | "port">): Promise<void> {
  const server = createServer()
  try {
    await new Promise<void>((done, fail) => server.once("error", fail).listen(port, host, done))
  } catch (error) {
    throw new PlainError(explain(error, { host, port }))
  } finally {
    await new Promise((done) => server.close(done))
  }
}

function explain(error: unknown, { host, port }: Pick<Config, "host" | "port">): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined
  if (code === "EADDRINUSE")
    return `PORT ${port} on ${host} is taken by another program. Set PORT to a free one, for example: PORT=${port + 1} npm start`
  if (code === "EACCES") return `PORT ${port} needs rights that this user lacks. Set PORT to 1024 or more.`
  return `Cannot listen at HOST ${host}, PORT ${port}: ${error instanceof Error ? error.message : error}`
}
