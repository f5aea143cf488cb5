import { mkdir, symlink, writeFile } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { install, load } from "./harness.ts"

const esm = { "pkg/package.json": '{ "type": "module", "exports": "./index.js" }' }

describe("a package cannot take into the bundle", () => {
  test.each([
    ["a file by its absolute path", { "pkg/index.js": 'require("OUTSIDE/secret.json")' }],
    ["a module by its absolute path", { "pkg/index.js": 'require("OUTSIDE/secret.js")' }],
    ["a file by a path that leads out", { "pkg/index.js": 'require("../../../secret.json")' }],
    ["a file by an address", { "pkg/index.js": 'require("file://OUTSIDE/secret.json")' }],
    ["a file by a late import", { "pkg/index.js": 'import("OUTSIDE/secret.js")' }],
    [
      "a file by an import attribute",
      {
        ...esm,
        "pkg/index.js": 'import x from "OUTSIDE/secret.json" with { type: "json" }; export default x',
      },
    ],
    [
      "its own file as text",
      {
        ...esm,
        "pkg/a.js": "1",
        "pkg/index.js": 'import x from "./a.js" with { type: "text" }; export { x }',
      },
    ],
    ["its own text file", { "pkg/index.js": 'require("./a.txt")', "pkg/a.txt": "text" }],
    ["its own style sheet", { "pkg/index.js": 'require("./a.css")', "pkg/a.css": "a {}" }],
    ["native code", { "pkg/index.js": 'require("./a.node")', "pkg/a.node": "" }],
    ["an address that is its own content", { "pkg/index.js": 'require("data:text/javascript,1")' }],
  ])("%s", async (_, files) => {
    const { bundle } = await install(files)
    const taken = await bundle().then(
      (code) => code,
      (error: Error) => error.message,
    )
    expect(taken).not.toContain("s3cr3t")
    expect(taken).toMatch(
      /outside of the installed|as text|neither JavaScript|native code|not a file|not installed|require\("(file|data):/,
    )
  })

  test("a file behind a link", async () => {
    const { folder, outside, bundle } = await install({ "pkg/index.js": 'require("./link.json")' })
    await symlink(join(outside, "secret.json"), join(folder, "node_modules/pkg/link.json"))
    await expect(bundle()).rejects.toThrow("outside of the installed packages")
  })

  test("a package that is installed further up on this machine", async () => {
    const { outside, bundle, log } = await install({
      "pkg/index.js": 'module.exports = () => require("other")',
    })
    await mkdir(join(outside, "node_modules/other"), { recursive: true })
    await writeFile(join(outside, "node_modules/other/index.js"), 'module.exports = "s3cr3t"')
    const code = await bundle()
    expect(code).not.toContain("s3cr3t")
    expect(log.text()).toContain("other is not installed")
  })

  test("settings of a tsconfig.json around it", async () => {
    const { folder, bundle } = await install({ "pkg/index.js": 'module.exports = () => require("aliased")' })
    const paths = { aliased: ["../secret.js"] }
    await writeFile(
      join(folder, "tsconfig.json"),
      JSON.stringify({ compilerOptions: { paths, baseUrl: "." } }),
    )
    expect(await bundle()).not.toContain("s3cr3t")
  })
})

describe("a bundle", () => {
  test("loads a package when its loader is called, and once", async () => {
    const { bundle } = await install({
      "pkg/index.js": "globalThis.loads = (globalThis.loads ?? 0) + 1; exports.n = 1",
    })
    const loaders = load(await bundle())
    expect(globalThis).not.toHaveProperty("loads")
    expect(loaders["pkg"]?.()).toBe(loaders["pkg"]?.())
    expect(globalThis).toHaveProperty("loads", 1)
    Reflect.deleteProperty(globalThis, "loads")
  })

  test("leaves the modules of Node to the run", async () => {
    const { bundle } = await install({
      "pkg/index.js": 'module.exports = [require("path"), require("node:url")]',
    })
    expect(load(await bundle())["pkg"]?.()).toEqual(
      [await import("node:path"), await import("node:url")].map((one) => one.default),
    )
  })

  test("has what is not installed throw when it is asked for, so that a package can do without", async () => {
    const { bundle, log } = await install({
      "pkg/index.js": 'try { require("absent") } catch (error) { module.exports = error.code }',
    })
    expect(load(await bundle())["pkg"]?.()).toBe("MODULE_NOT_FOUND")
    expect(log.text()).toContain("absent is not installed")
  })

  test("takes a package of modules only, also one whose door is for imports", async () => {
    const { bundle } = await install({
      ...esm,
      "pkg/index.js":
        'import { two } from "door"; export default two + 1; export const url = import.meta.url',
      "door/package.json": '{ "type": "module", "exports": { "import": "./index.mjs" } }',
      "door/index.mjs": "export const two = 2",
    })
    const loaders = load(await bundle({ specifiers: ["pkg", "door"] }))
    expect(loaders["pkg"]?.()).toMatchObject({ default: 3, url: "file:///packages.js" })
    expect(loaders["door"]?.()).toMatchObject({ two: 2 })
  })

  test("takes what a package has for `require` where it has both", async () => {
    const { bundle } = await install({
      "pkg/package.json":
        '{ "main": "./main.js", "module": "./module.mjs" , "exports": { "module": "./module.mjs", "import": "./module.mjs", "default": "./main.js" } }',
      "pkg/main.js": 'module.exports = "main"',
      "pkg/module.mjs": 'export default "module"',
    })
    expect(load(await bundle())["pkg"]?.()).toBe("main")
  })

  test("is the same text wherever the packages lie", async () => {
    const files = {
      "pkg/index.js": 'exports.dir = __dirname; exports.a = require("./a")',
      "pkg/a.js": "exports.ä = 'ö'",
    }
    const [one, two] = [await install(files), await install(files)]
    expect(await one.bundle()).toBe(await two.bundle())
  })

  test("has a limit for its own size and for that of its sources", async () => {
    const { bundle } = await install({
      "pkg/index.js": `/* ${"x".repeat(5_000)} */`,
      "wordy/index.js": `module.exports = "${"x".repeat(5_000)}"`,
    })
    await expect(bundle({ maxBundleBytes: 400 })).rejects.toThrow("beyond 4000 bytes of source")
    await expect(bundle({ specifiers: ["wordy"], maxBundleBytes: 2_000 })).rejects.toThrow(
      /bundle has \d+ bytes; 2000 are allowed/,
    )
  })

  test("is refused when Node could not read it", async () => {
    const { bundle } = await install({ "pkg/index.js": "exports.pattern = /(?<a>)(?<a>)/" })
    await expect(bundle()).rejects.toThrow("Invalid regular expression")
  })

  test("is refused with the place of a syntax error", async () => {
    const { bundle } = await install({ "pkg/index.js": "let = (" })
    await expect(bundle()).rejects.toThrow("node_modules/pkg/index.js:1: ")
  })
})
