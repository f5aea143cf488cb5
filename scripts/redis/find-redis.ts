import { join } from "node:path"
import { PlainError } from "../bootstrap/steps.mjs"
import { type FetchContext, findOnPath, runTool } from "../fetch/run-tool.ts"
import { fetchDebianPackage, findDebianPackage } from "./debian-package.ts"
import { type RedisProgram, tryBinary } from "./redis-program.ts"

/** Gives a program, or a sentence that says why there is none this way. */
type Rung = (context: FetchContext) => Promise<RedisProgram | string>

const RUNGS: readonly Rung[] = [onPath, findDebianPackage, fetchDebianPackage, fromHomebrew, inContainer]

/**
 * The first way to run Redis that works here, from the cheapest to the last resort; it may download one.
 * @throws PlainError that names every way and why it failed
 */
export async function findRedis(context: FetchContext): Promise<RedisProgram> {
  const reasons: string[] = []
  for (const rung of RUNGS) {
    const found = await rung(context)
    if (typeof found !== "string") return found
    reasons.push(found)
  }
  throw new PlainError(
    [
      "Hooklane needs Redis (6.2 or newer) or Valkey and found no way to run one. Any of these will do:",
      "  - set REDIS_URL to a Redis of yours, for example redis://localhost:6379",
      "  - install it: apt install redis-server, dnf install valkey, brew install redis, …",
      "  - start a Docker engine",
      "What was tried:",
      ...reasons.map((reason) => `  - ${reason}`),
    ].join("\n"),
  )
}

async function onPath({ path }: FetchContext): Promise<RedisProgram | string> {
  const reasons: string[] = []
  for (const name of ["redis-server", "valkey-server"]) {
    const file = await findOnPath(path, name)
    const found = file ? await tryBinary({ path: file, from: "PATH" }) : `${name} is not on PATH`
    if (typeof found !== "string") return found
    reasons.push(found)
  }
  return reasons.join("; ")
}

async function fromHomebrew(context: FetchContext): Promise<RedisProgram | string> {
  const brew = process.platform === "darwin" ? await findOnPath(context.path, "brew") : undefined
  if (!brew) return "there is no Homebrew"
  try {
    const prefix = (await runTool(context, { file: brew, args: ["--prefix"], timeoutMs: 30_000 })).trim()
    const bin = join(prefix, "bin")
    const installed = await onPath({ ...context, path: bin })
    if (typeof installed !== "string") return { ...installed, from: "Homebrew" }
    context.note("installing redis with Homebrew")
    await runTool(context, { file: brew, args: ["install", "--quiet", "redis"], timeoutMs: 600_000 })
    return await tryBinary({ path: join(bin, "redis-server"), from: "Homebrew" })
  } catch (error) {
    return `Homebrew could not install it: ${error instanceof Error ? error.message.trim() : error}`
  }
}

async function inContainer(context: FetchContext): Promise<RedisProgram | string> {
  const docker = await findOnPath(context.path, "docker")
  if (!docker) return "docker is not on PATH"
  try {
    await runTool(context, { file: docker, args: ["info"], timeoutMs: 10_000 })
    return { kind: "container", docker, from: "Docker" }
  } catch {
    return "no Docker engine answers"
  }
}
