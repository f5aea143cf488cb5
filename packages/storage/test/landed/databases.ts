import { createKeyRing, type KeyRing } from "@hooklane/core/keyring"

/** Sealed the secrets in the databases of earlier releases that stand beside this file. */
export const LANDED_MASTER_KEY = Buffer.alloc(32, 7).toString("base64")

export function landedKeyRing(): KeyRing {
  return createKeyRing(LANDED_MASTER_KEY)
}

export const LANDED_EXECUTIONS = {
  succeeded: "exe_01KAHX00000000000000000001",
  failed: "exe_01KAHX00000000000000000002",
  answered: "exe_01KAHX00000000000000000003",
  dead: "exe_01KAHX00000000000000000004",
  cancelled: "exe_01KAHX00000000000000000005",
} as const
