import type { RegistryAccess } from "./protocol.ts"

/**
 * Where npm gets packages, and what it shows there: the token, or the name and password of the address, which then
 * has none any more.
 */
export function registryAccess(address: string | undefined, token: string | undefined): RegistryAccess {
  if (address === undefined) return { registry: undefined, credential: undefined }
  const url = new URL(address)
  const [name, password] = [url.username, url.password].map(decodeURIComponent)
  url.username = ""
  url.password = ""
  const registry = url.href.replace(/\/?$/, "/")
  if (token !== undefined) return { registry, credential: { kind: "_authToken", value: token } }
  if (!name && !password) return { registry, credential: undefined }
  return {
    registry,
    credential: { kind: "_auth", value: Buffer.from(`${name}:${password}`).toString("base64") },
  }
}

/**
 * The credential as npm reads it from its environment, bound to the registry: npm shows it to no other host. Arguments
 * could be read by every user of the machine, and a file by whatever is bundled.
 */
export function credentialEnv({ registry, credential }: RegistryAccess): Record<string, string> {
  if (registry === undefined || !credential) return {}
  const { host, pathname } = new URL(registry)
  return { [`npm_config_//${host}${pathname}:${credential.kind}`]: credential.value }
}

/** Each form in which the credential could turn up in what npm, or the registry, says. */
export function secretsOf({ credential }: RegistryAccess): string[] {
  if (!credential) return []
  if (credential.kind === "_authToken") return [credential.value]
  const [, password = ""] = Buffer.from(credential.value, "base64").toString().split(/:(.*)/s)
  return [credential.value, password].filter(Boolean)
}
