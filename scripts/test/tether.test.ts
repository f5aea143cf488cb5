import { type ChildProcess, spawn } from "node:child_process"
import { once } from "node:events"
import { join } from "node:path"
import { text } from "node:stream/consumers"
import { expect, onTestFinished, test } from "vitest"
import { processStartedAt } from "../bootstrap/lock.mjs"
import { spawnTethered, type TetheredCommand } from "../launcher/tether.ts"

const TETHER_MODULE = join(import.meta.dirname, "../launcher/tether.ts")

function shell(script: string, options: Partial<TetheredCommand> = {}): TetheredCommand {
  return { command: "/bin/sh", args: ["-c", script], env: {}, stopWithinMs: 2_000, ...options }
}

/** A launcher that starts `script` tethered, prints the program's first line and then waits. */
async function launcher(script: string): Promise<{ parent: ChildProcess; pids: number[] }> {
  const source = `
    const { spawnTethered } = await import(${JSON.stringify(TETHER_MODULE)})
    const program = await spawnTethered(${JSON.stringify(shell(script))})
    program.stdout.pipe(process.stdout)
    setInterval(() => {}, 1000)`
  const parent = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = await once(parent.stdout, "data")
  const pids = String(line).trim().split(" ").map(Number)
  onTestFinished(() => {
    parent.kill("SIGKILL")
    for (const pid of pids.filter((one) => processStartedAt(one))) process.kill(pid, "SIGKILL")
  })
  return { parent, pids }
}

function living(pids: readonly number[]): number[] {
  return pids.filter((pid) => processStartedAt(pid) !== undefined)
}

test("a program and what it started die with a launcher that is killed", async () => {
  const { parent, pids } = await launcher("sleep 60 & echo $$ $!; wait")
  expect(living(pids)).toEqual(pids)
  parent.kill("SIGKILL")
  await expect.poll(() => living(pids), { timeout: 5_000 }).toEqual([])
})

test("a program that ignores SIGTERM is killed when its time is over", async () => {
  const { parent, pids } = await launcher("trap '' TERM; sleep 60 & echo $$ $!; while :; do wait; done")
  parent.kill("SIGKILL")
  await expect.poll(() => living(pids), { timeout: 10_000 }).toEqual([])
})

test("input, output and exit code are the program's own", async () => {
  const program = await spawnTethered(shell("cat; echo err >&2; exit 7", { input: "hello" }))
  const [out, err] = await Promise.all([text(program.stdout), text(program.stderr)])
  expect({ out, err, end: await program.exited }).toEqual({
    out: "hello",
    err: "err\n",
    end: { code: 7, signal: null },
  })
})

test("the environment is what was given and nothing else", async () => {
  const program = await spawnTethered({
    ...shell(""),
    command: process.execPath,
    args: ["-p", "JSON.stringify(process.env)"],
    env: { A: "1" },
  })
  program.stderr.resume()
  const env: Record<string, string> = JSON.parse(await text(program.stdout))
  expect(env["A"]).toBe("1")
  expect(Object.keys(env).filter((name) => !["A", "PWD", "SHLVL", "_", "OLDPWD"].includes(name))).toEqual([])
  await program.exited
})

test("what a program leaves behind goes with it", async () => {
  const program = await spawnTethered(shell("sleep 60 & echo $!"))
  program.stderr.resume()
  const orphan = Number((await text(program.stdout)).trim())
  await program.exited
  expect(orphan).toBeGreaterThan(0)
  await expect.poll(() => living([orphan])).toEqual([])
})

test("terminate asks politely, kill does not", async () => {
  const polite = await spawnTethered(shell("trap 'exit 3' TERM; echo up; while :; do sleep 0.05; done"))
  await once(polite.stdout, "data")
  polite.stderr.resume()
  polite.terminate()
  expect(await polite.exited).toEqual({ code: 3, signal: null })
  const deaf = await spawnTethered(shell("trap '' TERM; echo up; while :; do sleep 0.05; done"))
  await once(deaf.stdout, "data")
  deaf.stderr.resume()
  deaf.kill()
  expect(await deaf.exited).toEqual({ code: null, signal: "SIGKILL" })
})
