import { spawn } from "node:child_process"
import { once } from "node:events"
import { realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { createInterface } from "node:readline"
import { fileURLToPath } from "node:url"
import { BuildFailure } from "./build-failure.ts"
import type { BuildLog } from "./build-log.ts"
import type { NpmSettings } from "./protocol.ts"
import { credentialEnv } from "./registry-access.ts"

export interface NpmDeps extends NpmSettings {
  folder: string
  log: BuildLog
}

const npmFolder = dirname(realpathSync(fileURLToPath(import.meta.resolve("npm/package.json"))))

/** npm's own limits lie below ours, so that a registry that does not answer is named in the log. */
const FLAGS = [
  "--ignore-scripts",
  "--omit=optional",
  "--omit=dev",
  "--allow-git=none",
  "--allow-remote=none",
  "--allow-file=none",
  "--allow-directory=none",
  "--no-bin-links",
  "--no-audit",
  "--no-fund",
  "--no-update-notifier",
  "--no-progress",
  "--no-color",
  "--loglevel=warn",
  "--logs-max=0",
  "--fetch-retries=1",
  "--fetch-retry-mintimeout=500",
  "--fetch-timeout=20000",
]

const NOISE = /Log files were not written/

/**
 * Runs npm in the work folder. It may read itself, write that folder and its cache, and reach the network: starting
 * a process, `git` or a package's script, is not among its permissions, whatever its flags say.
 * @throws BuildFailure when npm fails, or is ended by the signal
 */
export async function runNpm(
  { folder, cacheDir, log, ...access }: NpmDeps,
  args: string[],
  signal?: AbortSignal,
): Promise<void> {
  const { registry } = access
  const child = spawn(
    process.execPath,
    [
      "--permission",
      "--allow-net",
      `--allow-fs-read=${npmFolder}`,
      ...[folder, cacheDir].flatMap((dir) => [`--allow-fs-read=${dir}`, `--allow-fs-write=${dir}`]),
      "--disable-warning=ExperimentalWarning",
      "--max-old-space-size=512",
      join(npmFolder, "bin/npm-cli.js"),
      ...args,
      ...FLAGS,
      `--prefix=${folder}`,
      `--cache=${cacheDir}`,
      ...(registry === undefined ? [] : [`--registry=${registry}`]),
    ],
    {
      cwd: folder,
      env: { ...process.env, ...credentialEnv(access) },
      stdio: ["ignore", "ignore", "pipe"],
      killSignal: "SIGKILL",
      ...(signal && { signal }),
    },
  )
  createInterface({ input: child.stderr }).on("line", (line) => {
    if (!NOISE.test(line)) log.write(line)
  })
  child.on("error", () => {})
  const [code] = await once(child, "close")
  if (code !== 0) throw new BuildFailure(`npm ${args[0]} failed`)
}
