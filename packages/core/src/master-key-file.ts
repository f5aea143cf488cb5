import { randomUUID } from "node:crypto"
import { link, mkdir, readFile, rm, writeFile } from "node:fs/promises"
import { join } from "node:path"
import type { Config } from "./config.ts"
import { AppError } from "./errors.ts"
import { generateMasterKey, isMasterKey } from "./keyring.ts"

type KeySettings = Pick<Config, "masterKey" | "dataDir">

/**
 * The master keys of this deployment: HOOKLANE_MASTER_KEY, or else what `master.key` in the data folder holds.
 * @throws AppError invalid_setting when there is neither; a process that made one up could read nothing
 */
export async function readMasterKey(config: KeySettings): Promise<string> {
  const key = config.masterKey ?? (await readKeyFile(config))
  if (key) return key
  throw new AppError(
    "invalid_setting",
    `HOOKLANE_MASTER_KEY is not set and ${keyFile(config)} does not exist. ` +
      "Set the key that sealed this deployment's data; for a new one: openssl rand -base64 32",
  )
}

/**
 * The same, but a first start makes the key file, readable by its owner alone. Several processes may do this at
 * once: all of them get the one key that was written first.
 */
export async function ensureMasterKey(config: KeySettings): Promise<string> {
  const key = config.masterKey ?? (await readKeyFile(config))
  return key ?? createKeyFile(config)
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

function keyFile({ dataDir }: KeySettings): string {
  return join(dataDir, "master.key")
}

function isErrno(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code
}
