import { spawn } from "node:child_process"
import { once } from "node:events"
import { access, rm, stat } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, onTestFinished, test } from "vitest"
import { hasPostgres, query } from "../../packages/storage/test/postgres-database.ts"
import { processStartedAt } from "../bootstrap/lock.mjs"
import { type PrivatePostgres, startPostgres } from "../postgres.ts"

const POSTGRES_MODULE = join(import.meta.dirname, "../postgres.ts")

async function start(): Promise<PrivatePostgres> {
  const postgres = await startPostgres()
  onTestFinished(() => postgres.close())
  return postgres
}

function folderOf(url: string): string {
  return new URL(url).searchParams.get("host") ?? ""
}

describe.runIf(hasPostgres)("a PostgreSQL of one's own", () => {
  test("answers on a socket alone, in a folder that is closed to others", async () => {
    const { url } = await start()
    expect((await stat(folderOf(url))).mode & 0o777).toBe(0o700)
    expect(await query(url, "show listen_addresses")).toEqual([[""]])
  })

  test("is gone with its folder when it is closed", async () => {
    const { url, pid, close } = await startPostgres()
    expect(processStartedAt(pid)).toBeDefined()
    await close()
    expect(processStartedAt(pid)).toBeUndefined()
    await expect(access(folderOf(url))).rejects.toMatchObject({ code: "ENOENT" })
  })

  test("orders text otherwise than by bytes, so that tests notice what depends on that", async () => {
    const { url } = await start()
    expect(await query(url, `select 'a' < 'B', 'a' < 'B' collate "C"`)).toEqual([[true, false]])
  })

  test("dies with a process that is killed", async () => {
    const source = `
      const { startPostgres } = await import(${JSON.stringify(POSTGRES_MODULE)})
      console.log(JSON.stringify(await startPostgres()))`
    const owner = spawn(process.execPath, ["--input-type=module", "-e", source], {
      stdio: ["ignore", "pipe", "inherit"],
    })
    const [line] = await once(owner.stdout, "data")
    const { pid, url }: { pid: number; url: string } = JSON.parse(String(line))
    onTestFinished(() => rm(folderOf(url), { recursive: true, force: true }))
    expect(processStartedAt(pid)).toBeDefined()
    owner.kill("SIGKILL")
    await expect.poll(() => processStartedAt(pid), { timeout: 10_000 }).toBeUndefined()
  })
})
