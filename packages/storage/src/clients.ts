import { randomBytes } from "node:crypto"
import { AppError } from "@hooklane/core"
import { and, asc, eq, isNull } from "drizzle-orm"
import { hashSecret, isSecretOf } from "./client-secret.ts"
import type { Storage } from "./open.ts"
import type { clients } from "./schema.sqlite.ts"

type ClientRow = typeof clients.$inferSelect

/** A client as it may be shown; its secret is known at its making only. */
export type Client = Pick<ClientRow, "id" | "name" | "scopes" | "createdAt">

/** Makes a client; `secret` (43 characters, 256 bits) is told this once and stored as a hash. */
export async function createClient(
  { db, tables, nextId }: Storage,
  { name, scopes }: Pick<Client, "name" | "scopes">,
): Promise<{ client: Client; secret: string }> {
  const secret = newSecret()
  const client = { id: nextId(), name, scopes, createdAt: new Date() }
  await db.insert(tables.clients).values({ ...client, secretHash: await hashSecret(secret) })
  return { client, secret }
}

/**
 * Makes sure of a client that the settings name. Its scopes become the given ones; its secret is set when the
 * setting changed, so that a secret rotated over the API stays rotated. A revoked client stays revoked.
 */
export async function ensureClient(
  { db, tables: { clients } }: Storage,
  { id, name, scopes, secret }: Pick<Client, "id" | "name" | "scopes"> & { secret: string },
): Promise<void> {
  const [known] = await db.select().from(clients).where(eq(clients.id, id))
  if (known?.configuredSecretHash && (await isSecretOf(known.configuredSecretHash, secret))) {
    await db.update(clients).set({ name, scopes }).where(eq(clients.id, id))
    return
  }
  const secretHash = await hashSecret(secret)
  const configured = { name, scopes, secretHash, configuredSecretHash: secretHash }
  await db
    .insert(clients)
    .values({ id, ...configured, createdAt: new Date() })
    .onConflictDoUpdate({ target: clients.id, set: configured })
}

/** The client of this id, unless it is revoked. */
export async function findClient(storage: Storage, id: string): Promise<Client | undefined> {
  const row = await findRow(storage, id)
  return row && toClient(row)
}

/**
 * The client whose id and secret these are; undefined when either is wrong, after the same time. Slow by
 * design (some 80 ms, on another thread) and not cached here.
 */
export async function verifyClient(
  storage: Storage,
  id: string,
  secret: string,
): Promise<Client | undefined> {
  const row = await findRow(storage, id)
  if (!row) {
    await hashSecret(secret)
    return undefined
  }
  return (await isSecretOf(row.secretHash, secret)) ? toClient(row) : undefined
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
  await changeClient(storage, id, { secretHash: await hashSecret(secret) })
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

function newSecret(): string {
  return randomBytes(32).toString("base64url")
}
