import { readFileSync } from "node:fs"
import { join } from "node:path"
import { type ProcessName, SETTINGS } from "@hooklane/core"
import { describe, expect, test } from "vitest"
import { parse } from "yaml"
import { z } from "zod"

const serviceSchema = z.looseObject({
  user: z.string().optional(),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  networks: z.array(z.string()),
  volumes: z.array(z.string()).default([]),
})
const text = readFileSync(join(import.meta.dirname, "../../docker-compose.yml"), "utf8")
const { services, networks } = z
  .looseObject({ services: z.record(z.string(), serviceSchema), networks: z.record(z.string(), z.unknown()) })
  .parse(parse(text, { merge: true }))

/** What the image itself decides. */
const FIXED = ["HOST", "PORT", "HOOKLANE_DATA_DIR"]

function service(name: string) {
  const found = services[name]
  if (!found) throw new Error(`docker-compose.yml has no service ${name}`)
  return found
}

test.each<ProcessName>(["gateway", "worker", "sandbox"])(
  "every setting of the %s can be given to its container, and no other",
  (name) => {
    const settings = Object.values(SETTINGS).filter(({ usedBy }) => usedBy.some((user) => user === name))
    const wanted = settings.map(({ env }) => env).filter((env) => !FIXED.includes(env))
    expect(Object.keys(service(name).environment).sort()).toEqual(wanted.sort())
  },
)

test.each(Object.keys(services))(
  "%s writes nowhere but where it is meant to, and gains no rights",
  (name) => {
    expect(service(name)).toMatchObject({
      init: true,
      read_only: true,
      cap_drop: ["ALL"],
      security_opt: ["no-new-privileges:true"],
    })
  },
)

describe("the service that runs hooks", () => {
  const sandbox = service("sandbox")

  test("is bounded", () => {
    expect(sandbox).toMatchObject({
      pids_limit: 512,
      mem_limit: "1500m",
      memswap_limit: "1500m",
      cpus: 1.5,
      ulimits: { nofile: 4096, core: 0 },
      ipc: "private",
    })
  })

  test("has of root's rights those to change users and to end what runs as another", () => {
    expect(sandbox["cap_add"]).toEqual(["SETUID", "SETGID", "KILL"])
    for (const other of Object.keys(services).filter((name) => name !== "sandbox"))
      expect(service(other)).not.toHaveProperty("cap_add")
  })

  test("is given no secret", () => {
    const secrets: string[] = Object.values(SETTINGS)
      .filter((setting) => "isSecret" in setting)
      .map(({ env }) => env)
    expect(Object.keys(sandbox.environment).filter((name) => secrets.includes(name))).toEqual([])
    expect(sandbox).not.toHaveProperty("env_file")
    expect(JSON.stringify(sandbox)).not.toMatch(/password|master_key/i)
  })

  test("shares a network with nobody, and with workers a folder for its socket", () => {
    for (const [name, { networks, volumes }] of Object.entries(services)) {
      if (name === "sandbox") continue
      expect(networks.filter((one) => sandbox.networks.includes(one))).toEqual([])
      const meeting = volumes.filter((one) => one.startsWith("sandbox:"))
      expect(meeting).toEqual(name === "worker" ? ["sandbox:/run/sandbox:ro"] : [])
    }
    expect(sandbox.networks).not.toContain("backend")
    expect(networks["backend"]).toEqual({ internal: true })
    expect(service("worker").networks).toEqual(["backend"])
  })

  test("is where workers look for it", () => {
    const url = "unix:///run/sandbox/executors.sock"
    expect(sandbox.environment["EXECUTOR_URL"]).toBe(url)
    expect(service("worker").environment["EXECUTOR_URL"]).toBe(url)
    expect(sandbox.volumes).toEqual(["sandbox:/run/sandbox"])
  })
})
