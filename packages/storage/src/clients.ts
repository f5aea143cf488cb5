import { AppError } from "@hooklane/core"
import { and, asc, eq, isNull } from "drizzle-orm"
import { hashSecret, isSecretOf, isSlowHash, newSecret } from "./client-secret.ts"
import type { Storage } from "./open.ts"
import type { clients } from "./schema.sqlite.ts"

type ClientRow = typeof clients.$inferSelect

/** A client as it may be shown; its secret is known at its making only. */
export type Client = Pick<ClientRow, "id" | "name" | "scopes" | "createdAt">

/** Takes as long to check as a client's. */
const HASH_OF_NOBODY = `sha256.${"A".repeat(22)}.${"A".repeat(43)}`

/** Makes a client; `secret` (43 characters, 256 bits) is told this once and stored as a hash. */
export async function createClient(
  { db, tables, nextId, keyRing }: Storage,
  { name, scopes }: Pick<Client, "name" | "scopes">,
): Promise<{ client: Client; secret: string }> {
  const secret = newSecret()
  const client = { id: nextId(), name, scopes, createdAt: new Date() }
  const secretHash = hashSecret(keyRing, { clientId: client.id, secret })
  await db.insert(tables.clients).values({ ...client, secretHash })
  return { client, secret }
}

/**
 * Makes sure of a client that the settings name. Its scopes become the given ones; its secret is set when the
 * setting changed, so that a secret rotated over the API stays rotated. A revoked client stays revoked.
 */
export async function ensureClient(
  storage: Storage,
  { id, name, scopes, secret }: Pick<Client, "id" | "name" | "scopes"> & { secret: string },
): Promise<void> {
  const { db, tables, keyRing } = storage
  const { clients } = tables
  const [known] = await db.select().from(clients).where(eq(clients.id, id))
  const hash = hashSecret(keyRing, { clientId: id, secret })
  if (known?.configuredSecretHash && (await isStillConfigured(storage, known, secret))) {
    // Hashed anew each time: in the form, and sealed with the key, that are the newest now.
    const isRotated = known.secretHash !== known.configuredSecretHash
    const hashes = { configuredSecretHash: hash, ...(!isRotated && { secretHash: hash }) }
    await db
      .update(clients)
      .set({ name, scopes, ...hashes })
      .where(eq(clients.id, id))
    return
  }
  const configured = { name, scopes, secretHash: hash, configuredSecretHash: hash }
  await db
    .insert(clients)
    .values({ id, ...configured, createdAt: new Date() })
    .onConflictDoUpdate({ target: clients.id, set: configured })
}

/** A hash that cannot be opened, because its key is gone, says nothing: then the setting is not what changed. */
async function isStillConfigured(
  { keyRing }: Storage,
  { id, configuredSecretHash }: ClientRow,
  secret: string,
): Promise<boolean> {
  if (!configuredSecretHash) return false
  return isSecretOf(keyRing, configuredSecretHash, { clientId: id, secret }).catch(() => true)
}

/** The client of this id, unless it is revoked. */
export async function findClient(storage: Storage, id: string): Promise<Client | undefined> {
  const row = await findRow(storage, id)
  return row && toClient(row)
}

/** Runs a check that takes some 80 ms of another thread: of a secret that was hashed before hashes were fast. */
export type SlowCheck = (check: () => Promise<boolean>) => Promise<boolean>

/**
 * The client whose id and secret these are; undefined when either is wrong, after the same time. A slow hash is replaced
 * by a fast one when its secret was shown.
 */
export async function verifyClient(
  storage: Storage,
  { id: clientId, secret }: { id: string; secret: string },
  slowly: SlowCheck = (check) => check(),
): Promise<Client | undefined> {
  const { keyRing } = storage
  const row = await findRow(storage, clientId)
  const hash = row?.secretHash ?? HASH_OF_NOBODY
  const check = () => isSecretOf(keyRing, hash, { clientId, secret })
  const isRight = await (isSlowHash(hash) ? slowly(check) : check())
  if (!row || !isRight) return undefined
  if (isSlowHash(hash)) await replaceHash(storage, row, hashSecret(keyRing, { clientId, secret }))
  return toClient(row)
}

/** Clients that are not revoked, in the order of their making. */
export async function listClients({ db, tables: { clients } }: Storage): Promise<Client[]> {
  const rows = await db
    .select()
    .from(clients)
    .where(isNull(clients.revokedAt))
    .orderBy(asc(clients.createdAt), asc(clients.id))
  return rows.map(toClient)
}

/**
 * Gives the client a new secret, told this once; the old one ends at once.
 * @throws AppError client_not_found
 */
export async function rotateClientSecret(storage: Storage, id: string): Promise<{ secret: string }> {
  const secret = newSecret()
  await changeClient(storage, id, { secretHash: hashSecret(storage.keyRing, { clientId: id, secret }) })
  return { secret }
}

/**
 * Ends the client for good: it is no longer found, and its id cannot be used again.
 * @throws AppError client_not_found
 */
export async function revokeClient(storage: Storage, id: string): Promise<void> {
  await changeClient(storage, id, { revokedAt: new Date() })
}

async function findRow({ db, tables: { clients } }: Storage, id: string): Promise<ClientRow | undefined> {
  const [row] = await db
    .select()
    .from(clients)
    .where(and(eq(clients.id, id), isNull(clients.revokedAt)))
  return row
}

/** Unless the secret was changed since the row was read. */
async function replaceHash(
  { db, tables: { clients } }: Storage,
  { id, secretHash: old, configuredSecretHash }: ClientRow,
  secretHash: string,
): Promise<void> {
  const change = { secretHash, ...(configuredSecretHash === old && { configuredSecretHash: secretHash }) }
  await db
    .update(clients)
    .set(change)
    .where(and(eq(clients.id, id), eq(clients.secretHash, old)))
}

async function changeClient(
  { db, tables: { clients } }: Storage,
  id: string,
  change: Partial<Pick<ClientRow, "secretHash" | "revokedAt">>,
): Promise<void> {
  const changed = await db
    .update(clients)
    .set(change)
    .where(and(eq(clients.id, id), isNull(clients.revokedAt)))
    .returning({ id: clients.id })
  if (changed.length === 0) throw new AppError("client_not_found", `Client ${id} does not exist`)
}

function toClient({ id, name, scopes, createdAt }: ClientRow): Client {
  return { id, name, scopes, createdAt }
}
