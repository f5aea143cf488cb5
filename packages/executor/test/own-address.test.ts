import { execFile } from "node:child_process"
import { join } from "node:path"
import { promisify } from "node:util"
import { expect, test } from "vitest"

const run = promisify(execFile)
const PROGRAM = join(import.meta.dirname, "hostile/visit-own-address.ts")
/** An ordinary user makes a namespace of users, too. */
const NAMESPACE = process.getuid?.() === 0 ? ["--net"] : ["--net", "--map-root-user"]
const ADDRESS = "198.32.64.12"

/** Why there can be no network namespace here, if so. */
async function missing(): Promise<string | undefined> {
  try {
    await run("unshare", [...NAMESPACE, "ip", "address", "add", `${ADDRESS}/32`, "dev", "lo"])
    return undefined
  } catch (error) {
    return `no network namespace can be made here: ${error}`
  }
}

test("a public address of this machine is refused, though it could be reached", async ({ skip }) => {
  const why = await missing()
  if (why) return skip(why)
  const script = `ip link set lo up && ip address add ${ADDRESS}/32 dev lo && exec "$0" "$1" ${ADDRESS}`
  const { stdout } = await run("unshare", [...NAMESPACE, "sh", "-c", script, process.execPath, PROGRAM])
  const { report, visits } = JSON.parse(stdout)
  expect(report.outcome).toEqual({ status: "returned", value: ["EACCES", "EACCES", "EACCES"] })
  expect(report.calls).toMatchObject(Array(3).fill({ allowed: false, refusal: "private_address" }))
  expect(visits).toBe(0)
})
