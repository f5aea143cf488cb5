import { PACKAGE_NAME, VERSION_SPEC } from "@hooklane/core"
import { expect, test } from "vitest"
import { newHook, openApp } from "./open-app.ts"

const NAME_PATTERN = "^[a-zA-Z0-9]([ \\-a-zA-Z0-9]*[a-zA-Z0-9])?$"
const ENABLED = "(Whether the hook runs at its trigger)"

test.each([
  [
    "nothing",
    {},
    [
      "'Missing required property: name'",
      "'Missing required property: script'",
      "'Missing required property: triggerId'",
    ],
  ],
  [
    "an unknown property",
    newHook({ code: "1", active: true }),
    ["'Additional properties not allowed: code,active'"],
  ],
  [
    "an empty script",
    newHook({ script: "" }),
    ["'String is too short (0 chars), minimum 1' on property script (Code that the hook runs)"],
  ],
  [
    "a script that is too long",
    newHook({ script: "x".repeat(100_001) }),
    ["'String is too long (100001 chars), maximum 100000' on property script (Code that the hook runs)"],
  ],
  [
    "a number as a script",
    newHook({ script: 1 }),
    ["'Expected type string but found type integer' on property script (Code that the hook runs)"],
  ],
  [
    "text for enabled",
    newHook({ enabled: "true" }),
    [`'Expected type boolean but found type string' on property enabled ${ENABLED}`],
  ],
  [
    "null for enabled",
    newHook({ enabled: null }),
    [`'Expected type boolean but found type null' on property enabled ${ENABLED}`],
  ],
  [
    "an unknown trigger",
    newHook({ triggerId: "post-login" }),
    ["'No enum match for: post-login' on property triggerId (Trigger that the hook runs at)"],
  ],
  [
    "a trigger that is no text",
    newHook({ triggerId: 1.5 }),
    ["'Expected type string but found type number' on property triggerId (Trigger that the hook runs at)"],
  ],
  [
    "a name that ends with a blank",
    newHook({ name: "name " }),
    [`'String does not match pattern ${NAME_PATTERN}: name ' on property name (Name of the hook)`],
  ],
  [
    "an empty name",
    newHook({ name: "" }),
    [`'String does not match pattern ${NAME_PATTERN}: ' on property name (Name of the hook)`],
  ],
  [
    "a list of dependencies",
    newHook({ dependencies: ["lodash"] }),
    [
      "'Expected type object but found type array' on property dependencies (npm packages of the hook, name to version)",
    ],
  ],
  [
    "a dependency without a version",
    newHook({ dependencies: { lodash: null } }),
    [
      "'Expected type string but found type null' on property dependencies.lodash (npm package: a name of the registry, and a version, range or tag)",
    ],
  ],
  ...[
    "file:../a",
    "git+ssh://git@host/a.git",
    "owner/name",
    "https://host/a.tgz",
    "npm:b@1",
    "workspace:*",
  ].map((spec): [string, object, string[]] => [
    `a dependency from elsewhere (${spec})`,
    newHook({ dependencies: { a: spec } }),
    [
      `'String does not match pattern ${VERSION_SPEC.source}: ${spec}' on property dependencies.a (npm package: a name of the registry, and a version, range or tag)`,
    ],
  ]),
  [
    "a dependency whose name is a path",
    newHook({ dependencies: { "../a": "1" } }),
    [
      `'String does not match pattern ${PACKAGE_NAME.source}: ../a' on property dependencies.../a (npm package: a name of the registry, and a version, range or tag)`,
    ],
  ],
  [
    "too many dependencies",
    newHook({ dependencies: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`p${n}`, "1"])) }),
    [
      "'Too many properties defined (101), maximum 100' on property dependencies (npm packages of the hook, name to version)",
    ],
  ],
  ["a list", [], ["'Expected type object but found type array'"]],
  [
    "faults of the whole, which come before those of its properties",
    { name: "hook", script: "", extra: 1 },
    ["'Missing required property: triggerId'", "'Additional properties not allowed: extra'"],
  ],
  [
    "two faults",
    newHook({ name: "-", enabled: 1 }),
    [
      `'String does not match pattern ${NAME_PATTERN}: -' on property name (Name of the hook)`,
      `'Expected type boolean but found type integer' on property enabled ${ENABLED}`,
    ],
  ],
])("POST of %s is refused in z-schema's words", async (_, body, faults) => {
  const { call } = await openApp()
  const answer = await call("POST", "/api/v2/hooks", { body })
  expect(answer.status).toBe(400)
  expect(answer.text).toBe(
    JSON.stringify({
      statusCode: 400,
      error: "Bad Request",
      message: faults.map((fault) => `Payload validation error: ${fault}.`).join(" (also) "),
      errorCode: "invalid_body",
    }),
  )
})

test.each([
  ["the trigger", { triggerId: "send-phone-message" }, "'Additional properties not allowed: triggerId'"],
  ["nothing", {}, "'Too few properties defined (0), minimum 1'"],
  ["null", null, "'Expected type object but found type null'"],
])("PATCH of %s is refused", async (_, body, fault) => {
  const { call } = await openApp()
  const { id } = (await call("POST", "/api/v2/hooks", { body: newHook() })).json()
  const answer = await call("PATCH", `/api/v2/hooks/${id}`, { body })
  expect(answer.status).toBe(400)
  expect(answer.json()).toMatchObject({
    message: `Payload validation error: ${fault}.`,
    errorCode: "invalid_body",
  })
})

test.each(["a", "A1", "my hook", "x".repeat(256)])("%s is a name", async (name) => {
  const { call } = await openApp()
  expect((await call("POST", "/api/v2/hooks", { body: newHook({ name }) })).status).toBe(201)
})

test.each(["a_b", "%ZZ", "a.b", "x%2Fy"])("/hooks/%s cannot be an id", async (id) => {
  const { call } = await openApp()
  const answer = await call("GET", `/api/v2/hooks/${id}`)
  expect(answer.status).toBe(400)
  expect(answer.json().errorCode).toBe("invalid_uri")
  expect(answer.json().message).toMatch(
    /^Path validation error: 'String does not match pattern \^\[A-Za-z0-9-\]\*\$: .+' on property id \(Id of the hook\)\.$/,
  )
})

test.each(["{", "", "undefined"])("a body of %j is not JSON", async (body) => {
  const { call } = await openApp()
  const answer = await call("POST", "/api/v2/hooks", { body })
  expect(answer.status).toBe(400)
  expect(answer.json()).toMatchObject({ error: "Bad Request", errorCode: "invalid_body" })
})
