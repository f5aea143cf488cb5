import { AppError, MAX_SECRETS_PER_HOOK, secretContext } from "@hooklane/core"
import { getCurrentHook } from "./current-hooks.ts"
import type { Storage } from "./open.ts"
import { saveVersion } from "./save-version.ts"
import type { SealedSecret } from "./schema.sqlite.ts"

/**
 * Names of the hook's secrets in the order in which they were added; values never leave this way.
 * @throws AppError HookDoesNotExist
 */
export async function listSecretNames(storage: Storage, hookId: string): Promise<string[]> {
  const { version } = await getCurrentHook(storage, hookId)
  return version.sealedSecrets.map(([name]) => name)
}

/**
 * Adds secrets, all of them or none.
 * @throws AppError HookDoesNotExist, SecretAlreadyExists, invalid_body beyond 20 secrets
 */
export async function addSecrets(
  storage: Storage,
  hookId: string,
  secrets: Record<string, string>,
): Promise<void> {
  const added = sealAll(storage, hookId, secrets)
  await changeSecrets(storage, hookId, (present) => {
    const names = new Set(present.map(([name]) => name))
    if (added.some(([name]) => names.has(name)))
      throw new AppError("SecretAlreadyExists", "Secret with the same name already exists.")
    return withinLimit([...present, ...added])
  })
}

/**
 * Adds secrets and replaces those that exist, all of them or none.
 * @throws AppError HookDoesNotExist, invalid_body beyond 20 secrets
 */
export async function putSecrets(
  storage: Storage,
  hookId: string,
  secrets: Record<string, string>,
): Promise<void> {
  const given = sealAll(storage, hookId, secrets)
  await changeSecrets(storage, hookId, (present) => withinLimit([...new Map([...present, ...given])]))
}

/**
 * Replaces values, all of them or none; a value that was the same makes a version too, since only opening
 * the old one would tell.
 * @throws AppError HookDoesNotExist, SecretDoesNotExist
 */
export async function updateSecrets(
  storage: Storage,
  hookId: string,
  secrets: Record<string, string>,
): Promise<void> {
  const replaced = new Map(sealAll(storage, hookId, secrets))
  await changeSecrets(storage, hookId, (present) => {
    const names = new Set(present.map(([name]) => name))
    if (![...replaced.keys()].every((name) => names.has(name)))
      throw new AppError("SecretDoesNotExist", "Hook or secret not found.")
    return present.map(([name, sealed]) => [name, replaced.get(name) ?? sealed])
  })
}

/**
 * Removes the secrets of these names; a name that is not there is no fault.
 * @throws AppError HookDoesNotExist
 */
export async function removeSecrets(
  storage: Storage,
  hookId: string,
  names: readonly string[],
): Promise<void> {
  await changeSecrets(storage, hookId, (present) => present.filter(([name]) => !names.includes(name)))
}

function changeSecrets(
  storage: Storage,
  hookId: string,
  change: (present: SealedSecret[]) => SealedSecret[],
): Promise<void> {
  return saveVersion(storage, hookId, {
    change: (content) => ({ ...content, sealedSecrets: change(content.sealedSecrets) }),
  })
}

function sealAll({ keyRing }: Storage, hookId: string, secrets: Record<string, string>): SealedSecret[] {
  return Object.entries(secrets).map(([name, value]) => [
    name,
    keyRing.seal(value, secretContext(hookId, name)),
  ])
}

function withinLimit(secrets: SealedSecret[]): SealedSecret[] {
  if (secrets.length <= MAX_SECRETS_PER_HOOK) return secrets
  throw new AppError(
    "invalid_body",
    `Payload validation error: 'Too many properties defined (${secrets.length}), maximum ${MAX_SECRETS_PER_HOOK}'.`,
  )
}
