import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, beforeEach, expect, test } from "vitest"
import { findRedis } from "../redis/find-redis.ts"
import { planRedis } from "../redis/plan-redis.ts"

let dir: string

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "hooklane-find-redis-"))
  mkdirSync(join(dir, "bin"))
  // The fake tools are shell scripts that need these.
  for (const tool of ["sh", "cp", "mkdir", "cat", "touch"])
    symlinkSync(`/bin/${tool}`, join(dir, "bin", tool))
})

afterEach(() => {
  rmSync(dir, { recursive: true, force: true })
})

function script(path: string, body: string): void {
  mkdirSync(join(path, ".."), { recursive: true })
  writeFileSync(path, `#!/bin/sh\n${body}\n`)
  chmodSync(path, 0o755)
}

function onPath(name: string, body: string): void {
  script(join(dir, "bin", name), body)
}

function find() {
  return findRedis({ path: join(dir, "bin"), cacheDir: join(dir, "cache"), note: () => {} })
}

/** An apt that knows redis-server (needing one library), and a dpkg that unpacks what it "downloaded". */
function fakeApt({ listsAreMissing = false } = {}): void {
  const calls = join(dir, "apt-calls")
  const lists = join(dir, "lists")
  if (!listsAreMissing) writeFileSync(lists, "")
  onPath(
    "apt-get",
    `echo "$*" >> ${calls}
     case "$*" in
       *" update"|update) touch ${lists};;
       *--simulate*) [ -f ${lists} ] || { echo "E: Unable to locate package" >&2; exit 100; }
         echo "Inst libc6 (2.36 Debian:12 [amd64])"; echo "Inst libfoo2 (1 Debian:12 [amd64])"
         echo "Inst adduser (3 Debian:12 [all])"; echo "Inst redis-server (7 Debian:12 [amd64])";;
       *download*) for name do last=$name; done; touch redis-tools.deb;;
     esac`,
  )
  script(join(dir, "package/usr/bin/redis-server"), 'echo "Redis server v=7.0.15 sha=0"')
  onPath("dpkg", `mkdir -p "$3"; cp -r ${dir}/package/. "$3"`)
}

function aptCalls(): string[] {
  return readFileSync(join(dir, "apt-calls"), "utf8").trim().split("\n")
}

test("a server on PATH goes before everything else", async () => {
  onPath("redis-server", 'echo "Redis server v=7.0.15 sha=00000000:0"')
  fakeApt()
  expect(await find()).toEqual({ kind: "binary", from: "PATH", path: join(dir, "bin/redis-server") })
})

test("Valkey will do, also beside a Redis that is too old or does not run", async () => {
  onPath("valkey-server", 'echo "Valkey server v=8.1.0 sha=00000000:0"')
  onPath("redis-server", 'echo "Redis server v=5.0.7 sha=00000000:0"')
  expect(await find()).toHaveProperty("path", join(dir, "bin/valkey-server"))
  onPath("redis-server", "exit 127")
  expect(await find()).toHaveProperty("path", join(dir, "bin/valkey-server"))
})

test("on Debian the distribution's package is unpacked once, with the libraries that are lacking", async () => {
  fakeApt()
  const path = join(dir, "cache/debian/usr/bin/redis-server")
  expect(await find()).toMatchObject({ kind: "binary", path })
  expect(aptCalls().at(-1)).toMatch(/ download redis-server redis-tools libfoo2$/)
  rmSync(join(dir, "bin/apt-get"))
  expect(await find()).toMatchObject({ path, from: "fetched before" })
})

test("starts at the same moment download once", async () => {
  fakeApt()
  const found = await Promise.all([find(), find(), find()])
  expect(found.map((program) => program.kind)).toEqual(["binary", "binary", "binary"])
  expect(aptCalls().filter((call) => call.includes("download"))).toHaveLength(1)
  expect(readdirSync(join(dir, "cache"))).toEqual(["debian"])
})

test("without package lists they are fetched into a folder of our own", async () => {
  fakeApt({ listsAreMissing: true })
  expect(await find()).toMatchObject({ kind: "binary" })
  const [update, simulate, download] = aptCalls().slice(-3)
  expect(update).toMatch(/Dir::State=\S+cache.* update$/)
  expect(simulate).toContain("Dir::State=")
  expect(download).toContain("Dir::State=")
})

test("a Docker engine is the last resort; it publishes on loopback only and the password is no argument", async () => {
  onPath("docker", "exit 0")
  const program = await find()
  expect(program).toMatchObject({ kind: "container" })
  const { address, command } = await planRedis(program, { dir: join(dir, "redis"), persistence: "none" })
  if (!("port" in address)) throw new Error("A container is reached over TCP")
  expect(command.args).toContain(`--publish=127.0.0.1:${address.port}:6379`)
  expect(command.args.join(" ")).not.toContain(address.password)
  expect(command.input).toContain(`requirepass ${address.password}\n`)
})

test("when nothing works, the error names every way", async () => {
  onPath("docker", "exit 1")
  const error = await find().catch((caught: Error) => caught.message)
  for (const way of ["REDIS_URL", "apt install redis-server", "brew install redis", "Docker engine"]) {
    expect(error).toContain(way)
  }
  expect(error).toContain("redis-server is not on PATH")
  expect(error).toContain("no Docker engine answers")
})
