import { expect, test } from "vitest"
import { openApp } from "./open-app.ts"

test("the API is described without a token", async () => {
  const { app } = await openApp()
  const response = await app.request("/openapi.json")
  const document = await response.json()
  expect(response.status).toBe(200)
  expect(document).toMatchObject({
    openapi: "3.1.0",
    paths: {
      "/api/v2/hooks/{id}/secrets": { get: {}, post: {}, patch: {}, delete: {} },
      "/v1/clients": { get: {}, post: {} },
      "/v1/hooks/{id}/versions/{number}": { get: {} },
    },
    components: { schemas: { Client: {} } },
  })
})

test("the description leaves out no route", async () => {
  const { app } = await openApp()
  const { paths } = JSON.parse(await (await app.request("/openapi.json")).text())
  // The rest of Auth0's API is mounted only to say that it is not here.
  const routes = app.routes.filter(
    ({ method, path }) => method !== "ALL" && /^\/(v1|api\/v2\/hooks)(\/|$)/.test(path),
  )
  const described = routes.map(({ method, path }) => ({
    [path.replaceAll(/:(\w+)/g, "{$1}")]: { [method.toLowerCase()]: {} },
  }))
  expect(described.length).toBeGreaterThan(20)
  for (const route of described) expect(paths).toMatchObject(route)
})

test("the page shows every operation of the description and loads nothing from elsewhere", async () => {
  const { app } = await openApp()
  const response = await app.request("/docs")
  const page = await response.text()
  expect(response.headers.get("content-type")).toBe("text/html; charset=UTF-8")
  expect(page).toContain("/v1/clients/{id}/rotate-secret")
  expect(page).toContain("Makes a management client")
  expect(page).not.toMatch(/<script|https?:\/\//)
})
