import { join } from "node:path"
import * as debian from "../fetch/debian-package.ts"
import { type FetchContext, findOnPath } from "../fetch/run-tool.ts"
import { type RedisProgram, tryBinary } from "./redis-program.ts"

/** The server and the package that holds the binary it is linked to. */
const CANDIDATES = [
  ["redis-server", "redis-tools"],
  ["valkey-server", "valkey-tools"],
] as const

/** The distribution's own package, unpacked by an earlier call of `fetchDebianPackage`. */
export function findDebianPackage(context: FetchContext): Promise<RedisProgram | string> {
  return findIn(debian.unpackedDir(context))
}

export function fetchDebianPackage(context: FetchContext): Promise<RedisProgram | string> {
  return debian.fetchDebianPackage(context, { candidates: CANDIDATES, size: "1.5 MB", findIn })
}

async function findIn(unpackedDir: string): Promise<RedisProgram | string> {
  for (const [server] of CANDIDATES) {
    const path = await findOnPath(join(unpackedDir, "usr/bin"), server)
    if (path) return tryBinary({ path, libraryPath: debian.libraryPath(unpackedDir), from: "fetched before" })
  }
  return "nothing was fetched before"
}
