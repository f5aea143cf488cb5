import { expect, test } from "vitest"
import { startFakeServer } from "./fake-server.ts"
import { openHook } from "./open-hook.ts"

test("native code and WebAssembly fail when they are used, and say so", async () => {
  await using resources = new AsyncDisposableStack()
  const server = await startFakeServer(() => ({ body: {} }))
  resources.defer(server.close)
  const dependencies = { bcrypt: "6.0.0", sharp: "0.34.4", undici: "8.12.4" }
  const hook = await openHook({ dependencies, ports: [server.port] })
  resources.defer(hook.close)
  for (const name of ["bcrypt", "sharp"])
    expect(await hook.run(`return typeof require("${name}")`)).toMatchObject({ status: "rejected" })
  const asking = 'return require("undici").fetch(secrets.URL).catch((error) => error.cause.message)'
  expect(await hook.run(asking, { URL: server.url })).toBe("WebAssembly is not defined")
})
