import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { listClients, openStorage, rotateClientSecret, verifyClient } from "@hooklane/storage"
import { expect, onTestFinished, test } from "vitest"
import { ensureBootstrapClient } from "../src/bootstrap-client.ts"
import { SCOPES } from "../src/scopes.ts"

const URL = "http://127.0.0.1:3000"

async function openDeps(settings: { clientId?: string; clientSecret?: string } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-bootstrap-"))
  const storage = await openStorage({
    databaseUrl: ":memory:",
    keyRing: createKeyRing(generateMasterKey()),
  })
  onTestFinished(async () => {
    await storage.close()
    await rm(dir, { recursive: true })
  })
  const config = { dataDir: join(dir, "data"), clientId: undefined, clientSecret: undefined, ...settings }
  return { storage, config, path: join(config.dataDir, "credentials.json") }
}

test("the first start makes a client that may do everything, and a file that only its owner can read", async () => {
  const deps = await openDeps()
  const credentials = await ensureBootstrapClient(deps, URL)
  expect(JSON.parse(await readFile(deps.path, "utf8"))).toEqual(credentials)
  expect((await stat(deps.path)).mode & 0o777).toBe(0o600)
  expect(await readdir(deps.config.dataDir)).toEqual(["credentials.json"])
  const client = await verifyClient(deps.storage, {
    id: credentials.clientId,
    secret: credentials.clientSecret,
  })
  expect(client?.scopes).toEqual([...SCOPES])
})

test("the next start keeps the client and writes the address that is right now", async () => {
  const deps = await openDeps()
  const first = await ensureBootstrapClient(deps, URL)
  const second = await ensureBootstrapClient(deps, "http://127.0.0.1:4000")
  expect(second).toEqual({ ...first, url: "http://127.0.0.1:4000" })
  expect(await listClients(deps.storage)).toHaveLength(1)
})

test("the settings decide where they name a client", async () => {
  const deps = await openDeps({
    clientId: "configured",
    clientSecret: "a-secret-of-24-characters-or-more",
  })
  const credentials = await ensureBootstrapClient(deps, URL)
  expect(credentials.clientId).toBe("configured")
  expect(
    await verifyClient(deps.storage, { id: "configured", secret: "a-secret-of-24-characters-or-more" }),
  ).toBeDefined()
})

test("a secret that was rotated over the API stays rotated", async () => {
  const deps = await openDeps()
  const { clientId, clientSecret } = await ensureBootstrapClient(deps, URL)
  const { secret } = await rotateClientSecret(deps.storage, clientId)
  await ensureBootstrapClient(deps, URL)
  expect(await verifyClient(deps.storage, { id: clientId, secret: clientSecret })).toBeUndefined()
  expect(await verifyClient(deps.storage, { id: clientId, secret: secret })).toBeDefined()
})

test("a file that holds something else is not overwritten", async () => {
  const deps = await openDeps()
  await ensureBootstrapClient(deps, URL)
  await writeFile(deps.path, "{")
  await expect(ensureBootstrapClient(deps, URL)).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringContaining(deps.path),
  })
  expect(await readFile(deps.path, "utf8")).toBe("{")
})
