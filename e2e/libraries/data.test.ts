import { beforeAll, expect, test } from "vitest"
import { type LibraryHook, openHook } from "./open-hook.ts"

const DEPENDENCIES = {
  ajv: "8.20.0",
  "ajv-formats": "3.0.1",
  async: "3.2.6",
  bluebird: "3.7.2",
  "date-fns": "4.4.0",
  dayjs: "1.11.23",
  handlebars: "4.7.8",
  joi: "18.3.2",
  "libphonenumber-js": "1.13.16",
  lodash: "4.17.21",
  luxon: "3.7.2",
  moment: "2.31.0",
  "moment-timezone": "0.6.6",
  zod: "4.6.7",
}

let hook: LibraryHook

beforeAll(async () => {
  hook = await openHook({ dependencies: DEPENDENCIES })
  return hook.close
})

const MOMENT = "2026-03-29T00:30:00Z"

test.each([
  [
    "lodash: templates, deep merges, chains, and waiting",
    `const _ = require("lodash")
     const text = _.template("<% names.forEach((n) => { %>[<%- n %>]<% }) %>")({ names: ["a", "<b>"] })
     const once = await new Promise((resolve) => _.debounce(resolve, 5)("waited"))
     return [text, _.merge({ a: { b: 1 } }, { a: { c: 2 } }), _([3, 1, 2]).sortBy().map(String).value(), once]`,
    ["[a][&lt;b&gt;]", { a: { b: 1, c: 2 } }, ["1", "2", "3"], "waited"],
  ],
  [
    "ajv: a schema made into code, with formats",
    `const Ajv = require("ajv").default, addFormats = require("ajv-formats").default
     const ajv = addFormats(new Ajv({ allErrors: true }))
     const check = ajv.compile({ type: "object", properties: { email: { type: "string", format: "email" } }, required: ["email"] })
     return [check({ email: "a@example.com" }), check({ email: "a" }), check.errors[0].keyword]`,
    [true, false, "format"],
  ],
  [
    "joi and zod: what is wrong, by name",
    `const Joi = require("joi"), { z } = require("zod")
     const { error } = Joi.object({ email: Joi.string().email().required() }).validate({ email: "a" })
     const { success, error: { issues } } = z.object({ n: z.number() }).safeParse({ n: "1" })
     return [error.details[0].type, success, issues[0].path]`,
    ["string.email", false, ["n"]],
  ],
  [
    "dayjs: zones and differences",
    `const dayjs = require("dayjs")
     return [dayjs("${MOMENT}").add(1, "month").toISOString(), dayjs("2026-02-01").diff("2026-01-01", "day")]`,
    ["2026-04-29T00:30:00.000Z", 31],
  ],
  [
    "date-fns: formats and sums",
    `const { addDays, formatISO, parseISO } = require("date-fns")
     return formatISO(addDays(parseISO("${MOMENT}"), 3), { representation: "date" })`,
    "2026-04-01",
  ],
  [
    "luxon: a clock that is put forward",
    `const { DateTime } = require("luxon")
     return DateTime.fromISO("${MOMENT}", { zone: "Europe/Berlin" }).plus({ hours: 1 }).toISO()`,
    "2026-03-29T03:30:00.000+02:00",
  ],
  [
    "moment and moment-timezone",
    `const moment = require("moment"), zoned = require("moment-timezone")
     return [moment.utc("${MOMENT}").format("dddd, MMMM Do"), zoned("${MOMENT}").tz("America/New_York").format()]`,
    ["Sunday, March 29th", "2026-03-28T20:30:00-04:00"],
  ],
  [
    "async and bluebird: callbacks and promises of their own",
    `const async = require("async"), Bluebird = require("bluebird")
     const doubled = await async.mapLimit([1, 2, 3], 2, async (n) => n * 2)
     const slow = await Bluebird.map([1, 2], (n) => Bluebird.delay(2, n), { concurrency: 1 }).timeout(1000)
     return [doubled, slow]`,
    [
      [2, 4, 6],
      [1, 2],
    ],
  ],
  [
    "handlebars: a template made into code",
    `const Handlebars = require("handlebars")
     return Handlebars.compile("{{#each names}}[{{this}}]{{/each}}")({ names: ["a", "<b>"] })`,
    "[a][&lt;b&gt;]",
  ],
  [
    "libphonenumber-js: numbers as they are dialled",
    `const { parsePhoneNumber } = require("libphonenumber-js")
     const number = parsePhoneNumber("(202) 555-0123", "US")
     return [number.number, number.country, number.isValid()]`,
    ["+12025550123", "US", true],
  ],
])("%s", async (_, body, expected) => {
  expect(await hook.run(body)).toEqual(expected)
})
