import { copyFile, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { pathToFileURL } from "node:url"
import { expect, onTestFinished, test } from "vitest"
import { LANDED_EXECUTIONS, LANDED_MASTER_KEY } from "../packages/storage/test/landed/databases.ts"
import { startService } from "./service.ts"

test("the data of a landed release is served: hooks with their secrets, history, dead letters", {
  timeout: 60_000,
}, async () => {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-e2e-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  const file = join(dir, "landed.db")
  await copyFile(join(import.meta.dirname, "../packages/storage/test/landed/schema-1.db"), file)
  const service = await startService({
    settings: {
      DATABASE_URL: pathToFileURL(file).href,
      HOOKLANE_MASTER_KEY: LANDED_MASTER_KEY,
      HOOKLANE_RETENTION_DAYS: "3650",
    },
  })
  onTestFinished(() => service.stop())
  const { api } = service

  expect(await api.fire("credentials-exchange")).toMatchObject({
    status: 200,
    body: { result: { scope: ["kept:secret"] } },
  })
  expect(await api.get(`/v1/executions/${LANDED_EXECUTIONS.dead}`)).toMatchObject({ status: "dead_letter" })
  expect(await api.get("/api/v2/hooks")).toMatchObject([
    { name: "sync" },
    { name: "built" },
    { name: "failed" },
  ])
})
