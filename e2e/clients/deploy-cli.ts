import { execFile } from "node:child_process"
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { promisify } from "node:util"
import { onTestFinished } from "vitest"
import { type Driver, startDriver } from "./driver.ts"

export interface DeployCliOptions {
  package: string
  domain: string
  clientId: string
  clientSecret: string
  caFile: string
}

/** Settings of the Deploy CLI itself. */
type Config = Record<string, unknown>

/** One version of the Deploy CLI, pointed at a gateway. */
export interface DeployCli extends Pick<Driver, "stop"> {
  /** @throws what the CLI throws */
  import(path: string, config?: Config): Promise<void>
  /** By its command line. @throws Error with what it printed */
  export(folder: string, format: "directory" | "yaml", config?: Config): Promise<void>
}

/** Alone it takes 2 s, and 10 s for a whole tenant; the rest is for a busy machine. */
const EXPORT_TIMEOUT_MS = 120_000

export function startDeployCli({ package: name, domain, clientId, clientSecret, caFile }: DeployCliOptions) {
  const driver = startDriver({ driver: "auth0-deploy-cli", args: [name], caFile })
  const config: Config = {
    AUTH0_DOMAIN: domain,
    AUTH0_CLIENT_ID: clientId,
    AUTH0_CLIENT_SECRET: clientSecret,
    AUTH0_INCLUDED_ONLY: ["hooks"],
    AUTH0_ALLOW_DELETE: false,
  }
  const cli: DeployCli = {
    async import(path, more) {
      await driver.call("import", [{ input_file: path, config: { ...config, ...more } }])
    },
    async export(folder, format, more) {
      const configFile = join(await newFolder(), "config.json")
      await writeFile(configFile, JSON.stringify({ ...config, ...more }))
      const main = join(import.meta.dirname, `node_modules/${name}/lib/index.js`)
      const args = [main, "export", "-c", configFile, "-f", format, "-o", folder]
      const env = { NODE_EXTRA_CA_CERTS: caFile }
      await promisify(execFile)(process.execPath, args, { env, timeout: EXPORT_TIMEOUT_MS })
    },
    stop: driver.stop,
  }
  return cli
}

/** A folder that goes with the test. */
export async function newFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "hooklane-deploy-"))
  onTestFinished(() => rm(folder, { recursive: true, force: true }))
  return folder
}

export interface HookFile {
  name: string
  triggerId: string
  enabled?: boolean
  secrets?: Record<string, string>
  dependencies?: Record<string, string>
  /** The code itself. */
  script: string
}

/** Writes hooks in the CLI's directory format. */
export async function writeHooks(folder: string, hooks: readonly HookFile[]): Promise<void> {
  await rm(join(folder, "hooks"), { recursive: true, force: true })
  for (const { script, ...hook } of hooks) {
    await write(join(folder, `hooks/${hook.name}.js`), script)
    await write(
      join(folder, `hooks/${hook.name}.json`),
      JSON.stringify({ ...hook, script: `./${hook.name}.js` }),
    )
  }
}

export async function readHook(folder: string, name: string): Promise<HookFile> {
  return JSON.parse(await readFile(join(folder, `hooks/${name}.json`), "utf8"))
}

/** Takes all but the hooks out of an export. */
export async function keepHooks(folder: string): Promise<void> {
  for (const name of await readdir(folder))
    if (name !== "hooks" && name !== "tenant.yaml") await rm(join(folder, name), { recursive: true })
  const yaml = join(folder, "tenant.yaml")
  const text = await readFile(yaml, "utf8").catch(() => undefined)
  const [hooks] = text?.match(/^hooks:\n(?: .*\n)*/m) ?? []
  if (hooks) await writeFile(yaml, hooks)
}

async function write(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
