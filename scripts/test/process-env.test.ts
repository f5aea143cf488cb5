import { expect, test } from "vitest"
import { processEnv } from "../launcher/process-env.ts"

test("a process gets the settings it uses, those of its starter first, and nothing else", () => {
  const env = { PORT: "1", HOOKLANE_THREADS: "2", HOME: "/root", AWS_SECRET_ACCESS_KEY: "s3cret" }
  expect(processEnv("gateway", env, { PORT: "4" })).toEqual({ PORT: "4" })
  expect(processEnv("worker", env, {})).toEqual({ HOOKLANE_THREADS: "2" })
})

test("the gateway takes the registry that npm uses here, unless a setting names one", () => {
  const env = { npm_config_registry: "https://mirror.example/" }
  expect(processEnv("gateway", env, {})).toEqual({ HOOKLANE_NPM_REGISTRY: "https://mirror.example/" })
  const set = { ...env, HOOKLANE_NPM_REGISTRY: "https://other.example/" }
  expect(processEnv("gateway", set, {})).toEqual({ HOOKLANE_NPM_REGISTRY: "https://other.example/" })
  expect(processEnv("worker", env, {})).toEqual({})
})
