import { readFile } from "node:fs/promises"
import { onTestFinished } from "vitest"
import { credentialsFile } from "../../scripts/launcher/credentials.ts"
import type { Service, ServiceOptions } from "../service.ts"
import { testWithService } from "../service-test.ts"
import { type Sdk, type SdkPackage, startSdk } from "./sdk.ts"
import { startTlsFront, type TlsFront } from "./tls-front.ts"

interface Credentials {
  clientId: string
  clientSecret: string
}

/** `test` with a gateway behind TLS that all tests of the file share, and that is empty when one begins. */
export function testWithGateway(options: ServiceOptions = {}) {
  return testWithService({ workers: 0, ...options })
    .extend("front", { scope: "file" }, async ({ service }, { onCleanup }) => {
      const front = await startTlsFront({ url: service.api.url, dir: service.dir })
      onCleanup(front.close)
      return front
    })
    .extend("credentials", { scope: "file" }, async ({ service }): Promise<Credentials> => {
      return JSON.parse(await readFile(credentialsFile(service.dir), "utf8"))
    })
    .extend("emptied", { auto: true }, async ({ service, front }) => {
      await deleteHooks(service)
      front.requests.length = 0
      front.tokenRequestTypes.clear()
    })
}

/** A client of the package that logs in to the gateway, until the test is over. */
export function openSdk(
  { package: name, driver }: { package: string; driver: SdkPackage["driver"] },
  { front, ...options }: { front: TlsFront } & Record<string, unknown>,
): Sdk {
  const sdk = startSdk({ name, driver, caFile: front.caFile, options: { domain: front.domain, ...options } })
  onTestFinished(sdk.stop)
  return sdk
}

/** Credentials of another client, which may do what `scopes` say. */
export async function newClient({ api }: Service, scopes: string[]): Promise<Credentials> {
  const body = { name: "Another client", scopes }
  const { id, secret } = await api.post<{ id: string; secret: string }>("/v1/clients", body)
  return { clientId: id, clientSecret: secret }
}

async function deleteHooks({ api }: Service): Promise<void> {
  for (const { id } of await api.get<{ id: string }[]>("/api/v2/hooks"))
    await api.send("DELETE", `/api/v2/hooks/${id}`)
}
