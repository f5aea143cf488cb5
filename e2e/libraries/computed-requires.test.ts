import { beforeAll, describe, expect, test } from "vitest"
import { type LibraryHook, openHook } from "./open-hook.ts"

/** A hook that requires all that it declares, or what `script` does. */
function hookWith(dependencies: Record<string, string>, script?: string) {
  let hook: LibraryHook
  beforeAll(async () => {
    hook = await openHook({ dependencies, ...(script !== undefined && { script }) })
    return hook.close
  })
  return (body: string) => hook.run(body)
}

describe("packages that compute what they require find", () => {
  const run = hookWith({
    "merge-deep": "3.0.3",
    moment: "2.29.4",
    "node-zendesk": "2.2.0",
    "shopify-api-node": "3.12.6",
  })

  test.each([
    [
      "moment: the locales",
      `const moment = require("moment")
       const known = moment.locale("de")
       return [known, moment.utc("2024-03-05").format("dddd, D. MMMM YYYY")]`,
      ["de", "Dienstag, 5. März 2024"],
    ],
    [
      "merge-deep: by a require that it replaces",
      'return require("merge-deep")({ a: { b: 1 } }, { a: { c: 2 } })',
      { a: { b: 1, c: 2 } },
    ],
    [
      "shopify-api-node: its resources, when they are touched",
      `const Shopify = require("shopify-api-node")
       return typeof new Shopify({ shopName: "a", apiKey: "b", password: "c" }).customer.list`,
      "function",
    ],
    [
      "node-zendesk: its parts by name",
      `const { createClient } = require("node-zendesk")
       return typeof createClient({ username: "a", token: "b", remoteUri: "https://a.example/api/v2" }).users.list`,
      "function",
    ],
  ])("%s", async (_, body, expected) => {
    expect(await run(body)).toEqual(expected)
  })
})

describe("packages that ask for others by name find", () => {
  const run = hookWith({
    knex: "3.1.0",
    mongodb: "3.6.12",
    mysql2: "3.9.7",
    pg: "8.11.3",
    sequelize: "6.37.3",
  })

  test.each([
    [
      "sequelize: pg",
      'return new (require("sequelize").Sequelize)("postgres://a:b@db.example/a").getDialect()',
      "postgres",
    ],
    [
      "sequelize: mysql2",
      'return new (require("sequelize").Sequelize)("mysql://a:b@db.example/a").getDialect()',
      "mysql",
    ],
    [
      "knex: mysql2",
      'return require("knex")({ client: "mysql2" })("t").where({ a: 1 }).toString()',
      "select * from `t` where `a` = 1",
    ],
    [
      "mongodb 3: nothing of what it can do without",
      'return typeof require("mongodb").MongoClient',
      "function",
    ],
  ])("%s", async (_, body, expected) => {
    expect(await run(body)).toEqual(expected)
  })
})

describe("of a package that is required in part", () => {
  const run = hookWith({ "aws-sdk": "2.1692.0" }, 'require("aws-sdk/clients/sns")')

  test("nothing else is bundled, so that one client of the old AWS SDK fits", async () => {
    const body = 'return typeof new (require("aws-sdk/clients/sns"))({ region: "us-east-1" }).publish'
    expect(await run(body)).toBe("function")
  })
})
