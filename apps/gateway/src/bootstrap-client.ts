import { randomBytes } from "node:crypto"
import { mkdir, readFile, rename, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { AppError, type Config } from "@hooklane/core"
import { ensureClient, type Storage } from "@hooklane/storage"
import { z } from "zod"
import { SCOPES } from "./scopes.ts"

export interface BootstrapDeps {
  config: Pick<Config, "dataDir" | "clientId" | "clientSecret">
  storage: Storage
}

const credentialsSchema = z.object({ url: z.string(), clientId: z.string(), clientSecret: z.string() })

/** What a person or the CLI needs to call a gateway. */
export type Credentials = z.infer<typeof credentialsSchema>

/**
 * Makes sure of the first management client, which may do everything: as the settings name it, else as
 * `credentials.json` of the data folder does, else a new one. Writes that file, for its owner's eyes only.
 * @throws AppError invalid_setting when the file is there and is not ours
 */
export async function ensureBootstrapClient(
  { config, storage }: BootstrapDeps,
  url: string,
): Promise<Credentials> {
  const path = join(config.dataDir, "credentials.json")
  const kept = await readCredentials(path)
  const credentials = {
    url,
    clientId: config.clientId ?? kept?.clientId ?? `hooklane-${randomBytes(8).toString("hex")}`,
    clientSecret: config.clientSecret ?? kept?.clientSecret ?? randomBytes(32).toString("base64url"),
  }
  await ensureClient(storage, {
    id: credentials.clientId,
    secret: credentials.clientSecret,
    name: "First client",
    scopes: [...SCOPES],
  })
  await mkdir(config.dataDir, { recursive: true })
  await writeAtomically(path, `${JSON.stringify(credentials, null, 2)}\n`)
  return credentials
}

async function readCredentials(path: string): Promise<Credentials | undefined> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined
    throw error
  })
  if (text === undefined) return undefined
  try {
    return credentialsSchema.parse(JSON.parse(text))
  } catch (cause) {
    throw new AppError("invalid_setting", `${path} does not hold credentials; move it away to get new ones`, {
      cause,
    })
  }
}

async function writeAtomically(path: string, text: string): Promise<void> {
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, text, { mode: 0o600 })
  await rename(temporary, path)
}
