import { X509Certificate } from "node:crypto"
import { readFile } from "node:fs/promises"
import { AppError } from "@hooklane/core"

/** A hundred certificates and more. Each executor gets all of them. */
const MAX_BYTES = 262_144
const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/**
 * The certificates (PEM) in the file that hooks are to trust besides Node's own; none without a file.
 * @throws AppError invalid_setting when it cannot be read, is too large, or holds none or one that is none
 */
export async function readAuthorities(file: string | undefined): Promise<string[]> {
  if (file === undefined) return []
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw unusable(file, cause instanceof Error ? cause.message : "it cannot be read", cause)
  })
  if (text.length > MAX_BYTES) throw unusable(file, `it has more than ${MAX_BYTES} bytes`)
  const certificates = text.match(CERTIFICATE) ?? []
  if (certificates.length === 0) throw unusable(file, "there is no certificate in it, as PEM")
  for (const [index, certificate] of certificates.entries()) check(file, index + 1, certificate)
  return certificates
}

function check(file: string, number: number, certificate: string): void {
  try {
    new X509Certificate(certificate)
  } catch (cause) {
    throw unusable(file, `certificate ${number} in it cannot be read`, cause)
  }
}

function unusable(file: string, why: string, cause?: unknown): AppError {
  return new AppError("invalid_setting", `HOOKLANE_HOOK_CA_FILE (it is "${file}") is not valid: ${why}`, {
    cause,
  })
}
