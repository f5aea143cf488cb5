import { spawn } from "node:child_process"
import { once } from "node:events"
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises"
import { connect } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { expect, onTestFinished, test } from "vitest"
import { processStartedAt } from "../bootstrap/lock.mjs"
import { type PrivateRedis, startRedis } from "../redis.ts"

const REDIS_MODULE = join(import.meta.dirname, "../redis.ts")

async function emptyDir(): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), "hooklane-redis-"))
  onTestFinished(() => rm(dir, { recursive: true, force: true }))
  return dir
}

async function start(dir: string, persistence: "append_only" | "none" = "none"): Promise<PrivateRedis> {
  const redis = await startRedis({ dir, persistence })
  onTestFinished(() => redis.close())
  return redis
}

/** Sends inline commands and gives everything that came back until the answer to the last one, PING. */
async function ask(url: string, ...commands: string[]): Promise<string> {
  const { protocol, pathname, port, password, searchParams } = new URL(url)
  const connection = protocol === "unix:" ? connect(pathname) : connect(Number(port), "127.0.0.1")
  const secret = password || searchParams.get("password")
  const login = secret ? [`AUTH ${secret}`] : []
  connection.write(`${[...login, ...commands, "PING"].join("\r\n")}\r\n`)
  let answer = ""
  for await (const chunk of connection.setEncoding("utf8")) {
    answer += chunk
    if (/\+PONG|-NOAUTH/.test(answer)) break
  }
  return answer
}

test("it answers at once, on a socket in a folder that is closed to others, and never evicts", async () => {
  const dir = join(await emptyDir(), "redis")
  const { url } = await start(dir)
  expect(url).toBe(`unix://${dir}/redis.sock`)
  expect((await stat(dir)).mode & 0o777).toBe(0o700)
  expect(await ask(url, "CONFIG GET maxmemory-policy")).toContain("noeviction")
  expect(await ask(url, "CONFIG GET port")).toMatch(/port\r\n\$1\r\n0\r\n/)
})

test("with an append-only file a restart keeps what was written", async () => {
  const dir = await emptyDir()
  const first = await start(dir, "append_only")
  await ask(first.url, "SET kept yes")
  await first.close()
  const second = await start(dir, "append_only")
  expect(await ask(second.url, "GET kept")).toContain("yes")
})

test("without one nothing is written", async () => {
  const dir = await emptyDir()
  const first = await start(dir)
  await ask(first.url, "SET kept yes")
  await first.close()
  const second = await start(dir)
  expect(await ask(second.url, "GET kept")).toContain("$-1")
})

test("where the path is too long for a socket it listens on a loopback port with a password", async () => {
  const { url } = await start(join(await emptyDir(), "x".repeat(100)))
  const { hostname, password, port } = new URL(url)
  expect(hostname).toBe("127.0.0.1")
  expect(await ask(url, "CONFIG GET bind")).toMatch(/127\.0\.0\.1/)
  expect(await ask(url.replace(password, "wrong"))).toContain("WRONGPASS")
  expect(Number(port)).toBeGreaterThan(1023)
})

test("a password keeps out those who can open the socket too", async () => {
  const redis = await startRedis({ dir: await emptyDir(), persistence: "none", password: "abc123" })
  onTestFinished(() => redis.close())
  expect(redis.url).toMatch(/redis\.sock\?password=abc123$/)
  expect(await ask(redis.url, "SET a 1")).toContain("+OK")
  expect(await ask(redis.url.replace("?password=abc123", ""), "GET a")).toContain("-NOAUTH")
})

test("a failure shows Redis's own words", async () => {
  const dir = await emptyDir()
  const redis = await start(dir, "append_only")
  await redis.close()
  const manifest = join(dir, "appendonlydir/appendonly.aof.manifest")
  await rm(manifest)
  await writeFile(manifest, "nonsense\n")
  await expect(startRedis({ dir, persistence: "append_only" })).rejects.toThrow(/Invalid AOF manifest/)
})

test("it dies with a launcher that is killed, and the next one takes over what it wrote", async () => {
  const dir = await emptyDir()
  const source = `
    const { startRedis } = await import(${JSON.stringify(REDIS_MODULE)})
    const redis = await startRedis({ dir: ${JSON.stringify(dir)}, persistence: "append_only", password: "1st" })
    console.log(JSON.stringify(redis))`
  const launcher = spawn(process.execPath, ["--input-type=module", "-e", source], {
    stdio: ["ignore", "pipe", "inherit"],
  })
  const [line] = await once(launcher.stdout, "data")
  const { url, pid }: { url: string; pid: number } = JSON.parse(String(line))
  await ask(url, "SET kept yes")
  process.kill(pid, "SIGSTOP")
  launcher.kill("SIGKILL")
  setTimeout(() => process.kill(pid, "SIGCONT"), 1_200)
  const next = await start(dir, "append_only")
  expect(next.pid).not.toBe(pid)
  expect(processStartedAt(pid)).toBeUndefined()
  expect(await ask(next.url, "GET kept")).toContain("yes")
})
