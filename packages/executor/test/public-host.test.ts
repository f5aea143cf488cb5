import { execFile } from "node:child_process"
import { lookup } from "node:dns/promises"
import { promisify } from "node:util"
import { expect, onTestFinished, test } from "vitest"
import { isPublic } from "../src/contained/egress/public-address.ts"
import { noAbort, start, taskOf } from "./harness.ts"

/** A host that is there wherever packages are installed, or why it cannot be reached from here as it is from elsewhere. */
async function findPublicHost(): Promise<{ url: string } | { missing: string }> {
  const { stdout } = await promisify(execFile)("npm", ["config", "get", "registry"])
  const url = new URL(stdout.trim())
  try {
    const addresses = await lookup(url.hostname, { all: true })
    if (!addresses.every(isPublic)) return { missing: "npm's registry has no public address here" }
    await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(5_000) })
    return { url: url.href }
  } catch (error) {
    return { missing: `npm's registry cannot be reached from here: ${error}` }
  }
}

test("a public host is reached by its name, over TLS, without any setting", async ({ skip }) => {
  const found = await findPublicHost()
  if ("missing" in found) return skip(found.missing)
  const executors = await start({ threads: 1 })
  onTestFinished(() => executors.close())
  const script = `module.exports = async () => (await fetch(${JSON.stringify(found.url)}, { method: "HEAD" })).status`
  const { outcome, calls } = await executors.run(taskOf(script), noAbort)
  expect(outcome).toEqual({ status: "returned", value: expect.any(Number) })
  expect(calls).toMatchObject([{ host: new URL(found.url).hostname, allowed: true }])
})
