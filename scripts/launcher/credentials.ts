import { readFile, stat } from "node:fs/promises"
import { join } from "node:path"
import { z } from "zod"

const credentialsSchema = z.object({ url: z.url(), clientId: z.string(), clientSecret: z.string() })

export type Credentials = z.infer<typeof credentialsSchema>

export function credentialsFile(dataDir: string): string {
  return join(dataDir, "credentials.json")
}

/** What the gateway wrote for its first client after `since` (epoch milliseconds); undefined while it has not. */
export async function findCredentials(dataDir: string, since: number): Promise<Credentials | undefined> {
  try {
    const file = credentialsFile(dataDir)
    if ((await stat(file)).mtimeMs < since) return undefined
    return credentialsSchema.parse(JSON.parse(await readFile(file, "utf8")))
  } catch {
    // Not there, or being written.
    return undefined
  }
}
