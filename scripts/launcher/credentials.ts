import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"

/** Where the gateway writes `{ url, clientId, clientSecret }` of its first client. */
export function credentialsFile(dataDir: string): string {
  return join(dataDir, "credentials.json")
}

/** The gateway's address as it wrote it after `since` (epoch milliseconds); undefined while it has not. */
export async function findGatewayUrl(dataDir: string, since: number): Promise<string | undefined> {
  try {
    const file = credentialsFile(dataDir)
    if ((await stat(file)).mtimeMs < since) return undefined
    const { url } = JSON.parse(await readFile(file, "utf8"))
    return typeof url === "string" ? url : undefined
  } catch {
    // Not there yet, or being written.
    return undefined
  }
}
