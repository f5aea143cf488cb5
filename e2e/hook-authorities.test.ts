import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { issueCertificate } from "../scripts/tls/certificate.ts"
import { startFakeServer } from "./libraries/fake-server.ts"
import { ownService } from "./service-test.ts"

test("hooks reach a private service behind a certificate of the deployment's own", async () => {
  const certificate = issueCertificate()
  const server = await startFakeServer(() => ({ body: { number: "+12025550123" } }), certificate)
  onTestFinished(server.close)
  const folder = await mkdtemp(join(tmpdir(), "hooklane-authorities-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, "company.pem")
  await writeFile(file, certificate.certificate)

  const settings = { HOOKLANE_HOOK_CA_FILE: file, HOOKLANE_EGRESS_EXCEPTIONS: `localhost:${server.port}` }
  const { api } = await ownService({ settings })
  const body = `fetch("${server.url}").then((answer) => answer.json()).then((found) => cb(null, found), cb)`
  await api.createHook("send-phone-message", body)
  expect((await api.fire("send-phone-message")).body).toMatchObject({
    status: "succeeded",
    result: { number: "+12025550123" },
  })
})
