import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { issueCertificate } from "../../../scripts/tls/certificate.ts"
import { readAuthorities } from "../src/read-authorities.ts"

async function fileOf(text: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hooklane-authorities-"))
  onTestFinished(() => rm(folder, { recursive: true }))
  const file = join(folder, "company.pem")
  await writeFile(file, text)
  return file
}

test("without a file there are none", async () => {
  expect(await readAuthorities(undefined)).toEqual([])
})

test("every certificate of the file is one, whatever stands between them", async () => {
  const [one, other] = [issueCertificate().certificate.trim(), issueCertificate().certificate.trim()]
  expect(await readAuthorities(await fileOf(`# ours\r\n${one}\n\nthe old one:\n${other}`))).toEqual([
    one,
    other,
  ])
})

test.each([
  ["holds a key only", issueCertificate().key, /there is no certificate in it/],
  ["is too large", `${issueCertificate().certificate}${" ".repeat(300_000)}`, /more than 262144 bytes/],
  [
    "holds one that is none",
    `${issueCertificate().certificate}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n`,
    /certificate 2 in it cannot be read/,
  ],
])("a file that %s is refused by name", async (_, text, why) => {
  const reading = readAuthorities(await fileOf(text))
  await expect(reading).rejects.toMatchObject({
    code: "invalid_setting",
    message: expect.stringMatching(why),
  })
  await expect(reading).rejects.toThrow(/^HOOKLANE_HOOK_CA_FILE \(it is ".*company\.pem"\)/)
})

test("a file that is not there is refused by name", async () => {
  await expect(readAuthorities("/nowhere/company.pem")).rejects.toThrow(/company\.pem.*ENOENT/)
})
