import {
  addSecrets,
  createClient,
  createHook,
  currentSigningKey,
  findPendingBuild,
  finishBuild,
  recordExecutions,
  revokeClient,
  rotateSigningKey,
  type Storage,
  saveHookDocument,
  updateHook,
} from "../../src/index.ts"
import { attemptOf, executionRecord } from "../execution-record.ts"
import { LANDED_EXECUTIONS as IDS } from "./databases.ts"

const SYNC = "credentials-exchange"
const ASYNC = "post-user-registration"

/** Puts something of everything that a release stores into an empty database. */
export async function fillDatabase(storage: Storage): Promise<void> {
  const hookId = await fillHooks(storage)
  await saveHookDocument(storage, hookId, { version: 3, sealed: "a document" })
  await fillHistory(storage, hookId)
  await createClient(storage, { name: "active", scopes: ["read:hooks"] })
  const { client } = await createClient(storage, { name: "revoked", scopes: [] })
  await revokeClient(storage, client.id)
  await currentSigningKey(storage)
  await rotateSigningKey(storage)
}

async function fillHooks(storage: Storage): Promise<string> {
  const script =
    "module.exports = (client, scope, audience, context, cb) => cb(null, { scope: [context.webtask.secrets.SCOPE] })"
  const hook = await createHook(storage, { name: "sync", script: "// 1", triggerId: SYNC, enabled: true })
  await updateHook(storage, hook.id, { script })
  await addSecrets(storage, hook.id, { SCOPE: "kept:secret" })

  const built = { name: "built", script: "1", enabled: true, dependencies: { ms: "2.1.3" } }
  await finish(storage, (await createHook(storage, { ...built, triggerId: ASYNC })).id, {
    status: "built",
    log: "1 package\n",
    lock: { ms: { version: "2.1.3", integrity: "sha512-abc" } },
    lockHash: "lock1",
    specifiers: ["ms"],
    bundleId: "bundle1",
    code: 'module.exports = { "ms": () => 1 }',
  })
  const failed = await createHook(storage, { ...built, name: "failed", triggerId: ASYNC, enabled: false })
  await finish(storage, failed.id, { status: "failed", log: "there is no such package\n" })
  return hook.id
}

async function finish(storage: Storage, hookId: string, build: Parameters<typeof finishBuild>[2]) {
  const pending = await findPendingBuild(storage, hookId)
  await finishBuild(storage, pending?.versionId ?? "", build)
}

async function fillHistory(storage: Storage, hookId: string): Promise<void> {
  const at = Date.UTC(2026, 10, 21)
  const record = (executionId: string, rest: Partial<Parameters<typeof executionRecord>[0]>) =>
    executionRecord({ at: at + 1_000, ...rest, head: { executionId, hookId, acceptedAt: at, ...rest.head } })
  const error = { name: "Error", message: "it broke", stack: "Error: it broke\n    at hook" }
  const threw = { failure: "threw", error } as const
  const logs = [{ level: "info" as const, at: at + 5, message: "a line" }]
  await recordExecutions(storage, [
    record(IDS.succeeded, { attempt: attemptOf({ logs }) }),
    record(IDS.failed, {
      status: "failed",
      ...threw,
      attempt: attemptOf(threw),
      head: { executionId: IDS.failed, triggerId: SYNC },
    }),
    record(IDS.answered, { status: "failed", ...threw, answeredBy: "fallback" }),
    record(IDS.dead, { status: "retrying", attempt: attemptOf(threw), nextAttemptAt: at + 900 }),
    record(IDS.dead, {
      status: "dead_letter",
      ...threw,
      attempt: attemptOf({ ...threw, attempt: 2 }),
      head: { executionId: IDS.dead, replayOf: IDS.failed },
    }),
    record(IDS.cancelled, { status: "cancelled" }),
  ])
}
