import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, vi } from "vitest"
import { parse } from "yaml"
import type { Api } from "../api.ts"
import { keepHooks, newFolder, readHook, startDeployCli, writeHooks } from "./deploy-cli.ts"
import { testWithGateway } from "./gateway-test.ts"

// The Deploy CLI needs up to 15 s of a processor for its first import, and others may want the processor, too.
vi.setConfig({ testTimeout: 400_000 })

const MASK = "_VALUE_NOT_SHOWN_"

/** Answers with a secret, so that its value can be told. */
const ANSWER = {
  name: "answer",
  triggerId: "credentials-exchange",
  enabled: true,
  script:
    "module.exports = (client, scope, audience, context, cb) => cb(null, { scope: [context.webtask.secrets.KEY] })",
  secrets: { KEY: "##KEY##", OTHER: "2" },
}
const OTHER = {
  name: "other",
  triggerId: "post-change-password",
  enabled: false,
  script: "module.exports = (user, context, cb) => cb()",
  dependencies: { lodash: "4.17.21" },
}

/** `test` with one version of the Deploy CLI, pointed at a gateway of its own. */
function testWithCli(name: string, settings: Record<string, string> = {}) {
  return testWithGateway({ workers: 1, settings }).extend(
    "cli",
    { scope: "file" },
    async ({ front, credentials }, { onCleanup }) => {
      const cli = startDeployCli({ package: name, ...front, ...credentials })
      onCleanup(cli.stop)
      return cli
    },
  )
}

/** What the Deploy CLI does by default: it exports and imports all that it knows. */
const WHOLE = { AUTH0_INCLUDED_ONLY: undefined }

/** Here the Deploy CLI 8 takes every refusal for an empty list, since most plans of Auth0 do not have it. */
const OF_NO_PLAN = ["connectionProfiles", "tokenExchangeProfiles", "userAttributeProfiles"]

const CLIS = [
  // Its export is of a whole tenant.
  {
    name: "5.6",
    test: testWithCli("auth0-deploy-cli-5", { HOOKLANE_EMPTY_TENANT: "true" }),
    exportsWhole: false,
  },
  { name: "7.24", test: testWithCli("auth0-deploy-cli-7") },
  // It sees no secrets: it posts them again, and leaves them out of an export.
  {
    name: "8.32",
    test: testWithCli("auth0-deploy-cli-8.32", { HOOKLANE_SECRETS_UPSERT: "true" }),
    seesSecrets: false,
  },
  {
    name: "8.44",
    test: testWithCli("auth0-deploy-cli-8", { HOOKLANE_PRESERVE_NAMES: "true" }),
    keepsNames: true,
    hasDryRun: true,
  },
]

describe.each(CLIS)("Deploy CLI $name", (cliOptions) => {
  const { test, seesSecrets = true, keepsNames = false, hasDryRun = false, exportsWhole = true } = cliOptions

  test("imports a folder of hooks, again unchanged, and then what changed", async ({
    service: { api },
    cli,
  }) => {
    const folder = await newFolder()
    const keyword = (value: string) => ({ AUTH0_KEYWORD_REPLACE_MAPPINGS: { KEY: value } })
    await writeHooks(folder, [ANSWER, OTHER])
    await cli.import(folder, keyword("one"))
    const imported = await hooksOf(api)
    expect(imported).toMatchObject({
      answer: { enabled: true, script: ANSWER.script, secrets: { KEY: MASK, OTHER: MASK } },
      other: { enabled: false, dependencies: { lodash: "4.17.21" }, secrets: {} },
    })
    expect(await fire(api)).toMatchObject({ status: "succeeded", result: { scope: ["one"] } })

    await cli.import(folder, keyword("one"))
    expect(await hooksOf(api)).toEqual(imported)

    const secrets = { KEY: "##KEY##", NEW: "3" }
    await writeHooks(folder, [
      { ...ANSWER, script: ANSWER.script.replace("[", "['changed', "), secrets },
      OTHER,
    ])
    await cli.import(folder, keyword("two"))
    const changed = await hooksOf(api)
    expect(changed["answer"]?.id).toBe(imported["answer"]?.id)
    expect(changed["answer"]?.secrets).toEqual({ KEY: MASK, NEW: MASK, ...(!seesSecrets && { OTHER: MASK }) })
    expect(await fire(api)).toMatchObject({ status: "succeeded", result: { scope: ["changed", "two"] } })
  })

  test.runIf(hasDryRun)(
    "shows what an import would change, and changes nothing",
    async ({ service: { api }, front, cli }) => {
      const folder = await newFolder()
      await writeHooks(folder, [ANSWER, OTHER])
      front.requests.length = 0
      await cli.import(folder, { AUTH0_DRY_RUN: "preview" })
      expect(front.requests).toContainEqual(expect.stringMatching(/^GET \/api\/v2\/clients\?/))
      expect(front.requests.filter((request) => !/^GET |\/oauth\/token$/.test(request))).toEqual([])
      expect(await hooksOf(api)).toEqual({})
    },
  )

  test("deletes what the folder no longer holds, when it may", async ({ service: { api }, cli }) => {
    const folder = await newFolder()
    await writeHooks(folder, [ANSWER, OTHER])
    await cli.import(folder)
    await writeHooks(folder, [ANSWER])
    await cli.import(folder)
    expect(Object.keys(await hooksOf(api))).toEqual(["answer", "other"])
    await cli.import(folder, { AUTH0_ALLOW_DELETE: true })
    expect(Object.keys(await hooksOf(api))).toEqual(["answer"])
  })

  test("exports both formats without a secret's value, and imports them", async ({
    service: { api },
    cli,
  }) => {
    const folder = await newFolder()
    await writeHooks(folder, [ANSWER, OTHER])
    await cli.import(folder)
    const before = await hooksOf(api)

    const exported = await newFolder()
    await cli.export(exported, "directory")
    const { script: _, ...answer } = await readHook(exported, "answer")
    const masked = seesSecrets ? { KEY: MASK, OTHER: MASK } : undefined
    expect(answer).toEqual({ ...ANSWER, script: undefined, dependencies: {}, secrets: masked })
    expect(await readFile(join(exported, "hooks/answer.js"), "utf8")).toBe(ANSWER.script)
    await keepHooks(exported)
    // The mask is not taken for a value.
    await cli.import(exported)
    expect(await hooksOf(api)).toEqual(before)
    expect(await fire(api)).toMatchObject({ status: "succeeded", result: { scope: ["##KEY##"] } })

    await cli.export(exported, "yaml")
    await keepHooks(exported)
    for (const { id } of Object.values(before)) await api.send("DELETE", `/api/v2/hooks/${id}`)
    await cli.import(join(exported, "tenant.yaml"))
    expect(await hooksOf(api)).toMatchObject({
      answer: { enabled: true, script: ANSWER.script },
      other: { enabled: false, dependencies: { lodash: "4.17.21" } },
    })
  })

  test.runIf(exportsWhole)(
    "exports a whole tenant as its hooks, and imports it",
    async ({ service: { api }, cli }) => {
      const folder = await newFolder()
      await writeHooks(folder, [ANSWER, OTHER])
      await cli.import(folder)
      const before = await hooksOf(api)
      const exported = await newFolder()
      await cli.export(exported, "yaml", WHOLE)
      const file = join(exported, "tenant.yaml")
      const parts = Object.entries(parse(await readFile(file, "utf8")))
      expect(parts.map(([name]) => name)).toContain("hooks")
      // An empty list says that Auth0 has none, and an import that may delete makes it so.
      const emptied = parts
        .filter(([, part]) => Array.isArray(part) && part.length === 0)
        .map(([name]) => name)
      expect(OF_NO_PLAN).toEqual(expect.arrayContaining(emptied))

      if (hasDryRun) await cli.import(file, { ...WHOLE, AUTH0_DRY_RUN: "preview" })
      // With what it takes for empty, an import of 8 asks for the actions, too.
      if (emptied.length > 0) await expect(cli.import(file, WHOLE)).rejects.toThrow("is no whole tenant")
      await cli.import(file, { ...WHOLE, AUTH0_EXCLUDED: OF_NO_PLAN, AUTH0_ALLOW_DELETE: true })
      expect(await hooksOf(api)).toEqual(before)
    },
  )

  test("finds a hook again by a name that Auth0 would have changed, if names are kept", async ({
    service: { api },
    cli,
  }) => {
    const folder = await newFolder()
    // Without packages: a create is answered again while they are built.
    await writeHooks(folder, [{ ...OTHER, name: "auth0-hook1", dependencies: {} }])
    await cli.import(folder)
    expect(Object.keys(await hooksOf(api))).toEqual([keepsNames ? "auth0-hook1" : "auth-0-hook-1"])
    if (keepsNames) await cli.import(folder)
    else await expect(cli.import(folder)).rejects.toThrow("Hook with the same name already exists.")
  })
})

interface ImportedHook {
  id: string
  name: string
  enabled: boolean
  script: string
  dependencies: Record<string, string>
  secrets: Record<string, string>
}

/** Every hook by its name, with its secrets. */
async function hooksOf(api: Api): Promise<Record<string, ImportedHook>> {
  const hooks = await api.get<Omit<ImportedHook, "secrets">[]>("/api/v2/hooks")
  const entries = hooks.map(async (hook) => {
    const secrets = await api.get<Record<string, string>>(`/api/v2/hooks/${hook.id}/secrets`)
    return [hook.name, { ...hook, secrets }] as const
  })
  return Object.fromEntries((await Promise.all(entries)).toSorted(([one], [other]) => (one < other ? -1 : 1)))
}

/** What the imported hook answers when it runs. */
async function fire(api: Api): Promise<unknown> {
  return (await api.fire("credentials-exchange")).body
}
