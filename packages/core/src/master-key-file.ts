import { randomUUID } from "node:crypto"
import { link, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "./config.ts"
import { AppError } from "./errors.ts"
import { generateMasterKey, isMasterKey } from "./keyring.ts"

const KEY_FILE = "master.key"

type KeySettings = Pick<Config, "masterKey" | "dataDir">

/**
 * The master keys of this deployment: HOOKLANE_MASTER_KEY, or else what `master.key` in the data folder holds.
 * @throws AppError invalid_setting when there is neither; a process that made one up could read nothing
 */
export async function readMasterKey(config: KeySettings): Promise<string> {
  const key = config.masterKey ?? (await readKeyFile(config))
  if (key) return key
  await refuseLostKey(config)
  throw new AppError(
    "invalid_setting",
    `HOOKLANE_MASTER_KEY is not set and ${keyFile(config)} does not exist. ` +
      "Set the key that sealed this deployment's data; for a new one: openssl rand -base64 32",
  )
}

/**
 * The same, but a first start makes the key file, readable by its owner alone. Several processes may do this at
 * once: all of them get the one key that was written first.
 * @throws AppError invalid_setting when there is data that a lost key has sealed; nothing is written then
 */
export async function ensureMasterKey(config: KeySettings): Promise<string> {
  const key = config.masterKey ?? (await readKeyFile(config))
  if (key) return key
  await refuseLostKey(config)
  return createKeyFile(config)
}

/** Files of a data folder that are only there when a gateway has run with a key. */
const SEALED_FILES = ["hooklane.db", "credentials.json"]

/** A new key could open nothing of what is there, and would hide that the old one is missing. */
async function refuseLostKey({ dataDir }: Pick<Config, "dataDir">): Promise<void> {
  const names = await readdir(dataDir).catch((): string[] => [])
  const found = SEALED_FILES.find((name) => names.includes(name))
  if (found === undefined || names.includes(KEY_FILE)) return
  throw new AppError(
    "invalid_setting",
    `${keyFile({ dataDir })} is missing, and ${found} beside it was made with that key. Without it the secrets of ` +
      "hooks, the key that signs tokens and all waiting events cannot be read. Put the file back from your backup, or " +
      "set HOOKLANE_MASTER_KEY to what it held. If there is no copy, start over without any of this data: " +
      `mv '${dataDir}' '${dataDir}.lost' (with a REDIS_URL or a DATABASE_URL of your own also set another ` +
      "HOOKLANE_REDIS_PREFIX, and an empty database)",
  )
}

async function createKeyFile(config: KeySettings): Promise<string> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const draft = `${keyFile(config)}.${randomUUID()}`
  await writeFile(draft, `${generateMasterKey()}\n`, { mode: 0o600, flush: true })
  try {
    // A link is made whole or not at all, and never over a key that is already there.
    await link(draft, keyFile(config))
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error
  } finally {
    await rm(draft, { force: true })
  }
  return readMasterKey(config)
}

async function readKeyFile(config: KeySettings): Promise<string | undefined> {
  try {
    return checked((await readFile(keyFile(config), "utf8")).trim(), config)
  } catch (error) {
    if (isErrno(error, "ENOENT")) return undefined
    if (error instanceof AppError) throw error
    const reason = error instanceof Error ? error.message : String(error)
    throw new AppError("invalid_setting", `${keyFile(config)} cannot be read: ${reason}`, { cause: error })
  }
}

/** It is never written over: what it sealed may only be waiting for the right copy. */
function checked(keys: string, config: KeySettings): string {
  if (keys.split(",").every(isMasterKey)) return keys
  throw new AppError(
    "invalid_setting",
    `${keyFile(config)} ${keys === "" ? "is empty" : "holds no whole key (32 bytes in base64)"}: put your copy of it back. ` +
      "Only a deployment without data may start anew: remove the file, and a new key is made",
  )
}

function keyFile({ dataDir }: Pick<Config, "dataDir">): string {
  return join(dataDir, KEY_FILE)
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}
