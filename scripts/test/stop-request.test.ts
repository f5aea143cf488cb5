import { spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { setTimeout as delay } from "node:timers/promises"
import { expect, onTestFinished, test } from "vitest"

const MODULE = join(import.meta.dirname, "../launcher/stop-request.ts")

/** A process that tells each wish to stop, takes its time, and ends at once at the second one. */
async function stoppable() {
  const source = `
    const { listenForStop } = await import(${JSON.stringify(MODULE)})
    const stop = listenForStop(() => process.exit(130))
    stop.signal.addEventListener("abort", () => console.log("stopping"))
    console.log("up")
    setTimeout(() => process.exit(0), 20_000)`
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  })
  onTestFinished(() => void child.kill("SIGKILL"))
  const said: string[] = []
  child.stdout?.setEncoding("utf8").on("data", (text: string) => said.push(...text.trim().split("\n")))
  await expect.poll(() => said).toEqual(["up"])
  return { child, said }
}

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)("%s asks it to stop", async (signal) => {
  const { child, said } = await stoppable()
  child.kill(signal)
  await expect.poll(() => said).toEqual(["up", "stopping"])
})

test("one Ctrl-C that arrives several times is one wish, a later one ends it at once", async () => {
  const { child, said } = await stoppable()
  child.kill("SIGINT")
  child.kill("SIGTERM")
  await expect.poll(() => said).toEqual(["up", "stopping"])
  child.kill("SIGINT")
  // The length of a wish: what comes later is impatience.
  await delay(600)
  expect(child.exitCode).toBeNull()
  child.kill("SIGINT")
  expect(await once(child, "exit")).toEqual([130, null])
})

test("the end of the process in front is a wish too", async () => {
  const { child, said } = await stoppable()
  child.disconnect()
  await expect.poll(() => said).toEqual(["up", "stopping"])
})

test("that end is no second wish: a stop that takes its time goes on", async () => {
  const { child, said } = await stoppable()
  child.kill("SIGTERM")
  await expect.poll(() => said).toEqual(["up", "stopping"])
  // The length of a wish: what comes later would be impatience.
  await delay(600)
  child.disconnect()
  await delay(200)
  expect(child.exitCode).toBeNull()
})
