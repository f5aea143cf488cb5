import { randomUUID } from "node:crypto"
import { join } from "node:path"
import { buildEnv, openBundler } from "@hooklane/bundler"
import { packageRequestOf, TRIGGERS } from "@hooklane/core"
import { startExecutors } from "@hooklane/executor"

export interface HookOptions {
  /** As a hook declares them. */
  dependencies: Record<string, string>
  /** What its script requires besides: another version (`auth0@2.44.1`), or a part (`lodash/fp`). */
  specifiers?: readonly string[]
  /** What a build reads instead: by default, a script that requires all of these. */
  script?: string
  /** Ports of this machine that it may connect to. */
  ports?: readonly number[]
  /** Certificates in PEM that it trusts besides Node's own. */
  authorities?: readonly string[]
}

/** A hook with packages, installed and bundled as a gateway does it, in an executor as a worker starts it. */
export interface LibraryHook {
  /** What a hook calls back with whose body this is, or how it failed; what it has to know are its secrets. */
  run(body: string, secrets?: Record<string, string>): Promise<unknown>
  close(): Promise<void>
}

/** Downloads are kept from run to run; what is made of them is not. */
const CACHE = join(import.meta.dirname, "../../.cache/libraries")
const triggerId = "credentials-exchange"

/** @throws Error with the log of the build, when there is no bundle */
export async function openHook(options: HookOptions): Promise<LibraryHook> {
  const { dependencies, ports = [], authorities = [] } = options
  const bundle = await bundleOf(options)
  const executors = await startExecutors({
    threads: 1,
    maxExecutors: 1,
    maxResultBytes: 262_144,
    maxLogBytes: 65_536,
    egress: { mode: "public", allow: [], exceptions: ports.flatMap(exceptionsFor) },
    authorities,
    log: { warn: () => {} },
  })
  return {
    async run(body, secrets = {}) {
      const script = scriptOf(body)
      const snapshot = { versionId: randomUUID(), hookId: "hook", triggerId, script, dependencies } as const
      const { outcome } = await executors.run(
        {
          snapshot,
          bundle,
          secrets,
          event: JSON.stringify(TRIGGERS[triggerId].sampleEvent),
          executionId: "exe_1",
          attempt: 1,
          limits: { timeoutMs: 20_000, heapMb: 64 },
        },
        new AbortController().signal,
      )
      return outcome.status === "returned" ? outcome.value : outcome
    },
    close: () => executors.close(),
  }
}

/** @throws Error with the log of the build, when there is no bundle */
export async function bundleOf(options: HookOptions): Promise<string> {
  const { dependencies, specifiers = [] } = options
  const asked = [...Object.keys(dependencies), ...specifiers]
  const { script = asked.map((specifier) => `require("${specifier}")`).join("\n") } = options
  const request = packageRequestOf({ dependencies, script })
  if (!request) throw new Error("There are no packages to bundle")
  const bundler = await openBundler({ dir: CACHE, timeoutMs: 120_000, env: buildEnv(process.env) })
  const input = { ...request, script, findBundle: async () => undefined }
  const built = await bundler.build(input, new AbortController().signal)
  if (built.status === "built" && built.code !== undefined) return built.code
  throw new Error(`The packages were not built: ${built.log}`)
}

/** The body has names of its own. */
function scriptOf(body: string): string {
  return `module.exports = async (client, scope, audience, context) => {
    const { secrets } = context.webtask
    {
      ${body}
    }
  }`
}

function exceptionsFor(port: number) {
  return ["127.0.0.1", "localhost"].map((host) => ({ host, port }))
}
