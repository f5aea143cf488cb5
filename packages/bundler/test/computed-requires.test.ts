import { symlink } from "node:fs/promises"
import { join } from "node:path"
import { describe, expect, test } from "vitest"
import { install, load } from "./harness.ts"

/** What the package `pkg` of these files exports when it is loaded from its bundle. */
async function exportsOf(files: Record<string, string>, declared: readonly string[] = []): Promise<unknown> {
  const { bundle } = await install(files)
  return load(await bundle({ declared }))["pkg"]?.()
}

const locales = {
  "pkg/package.json": '{ "name": "pkg", "main": "lib/main.js" }',
  "pkg/locale/de.js": 'module.exports = "Deutsch"',
  "pkg/locale/fr/index.js": 'module.exports = "français"',
  "pkg/locale/it.json": '"italiano"',
  "pkg/locale/nl/package.json": '{ "main": "./dutch" }',
  "pkg/locale/nl/dutch.js": 'module.exports = "Nederlands"',
  "pkg/locale/broken.js": "let = (",
  "pkg/locale/page.js": "export default <p />",
  "pkg/locale/view.css": "a {}",
}
const names = '["de", "de.js", "fr", "it", "nl"]'
const found = ["Deutsch", "Deutsch", "français", "italiano", "Nederlands"]

describe("a package finds its own files by", () => {
  test.each([
    ["a sum of texts", 'return require("../locale/" + name)'],
    ["a template", "return require(`../locale/$" + "{name}`)"],
    ["an alias of require", 'var load = require; return load("../locale/" + name)'],
    ["an alias that is assigned", 'let load; load = require; return load("../locale/" + name)'],
    ["__dirname", 'return require(__dirname + "/../locale/" + name)'],
    ["path.join", 'return require(require("path").join(__dirname, "..", "locale", name))'],
    [
      "a folder in a variable",
      'const dir = __dirname + "/../locale"; return require(path.resolve(dir, name))',
    ],
    ["the path that require.resolve gives", 'return require(require.resolve("../locale/" + name))'],
    ["a choice", 'return require(name ? "../locale/" + name : "./none/" + name)'],
    ["nothing that is known", 'return require(["..", "locale", name].join("/"))'],
    ["module.require", 'if (!name) require(name); return module.require("../locale/" + name)'],
  ])("%s", async (_, body) => {
    const main = `const path = require("path")\nmodule.exports = ${names}.map(function ask(name) { ${body} })`
    expect(await exportsOf({ ...locales, "pkg/lib/main.js": main })).toEqual(found)
  })

  test("a computed import(), also of an ES module", async () => {
    const main = 'export default (name) => import("../locale/" + name)'
    const files = { ...locales, "pkg/package.json": '{ "type": "module", "exports": "./lib/main.js" }' }
    const module = await exportsOf({
      ...files,
      "pkg/lib/main.js": main,
      "pkg/locale/es.js": "export const name = 'español'",
    })
    expect(module).toMatchObject({ default: expect.any(Function) })
    const ask = Reflect.get(Object(module), "default")
    expect(await ask("es")).toMatchObject({ name: "español" })
    expect(await ask("it.json")).toMatchObject({ default: "italiano" })
  })

  test("a require that an ES module creates", async () => {
    const main = `import { createRequire } from "node:module"
      const require = createRequire(import.meta.url)
      export const version = require("../package.json").version`
    const files = {
      "pkg/package.json": '{ "type": "module", "version": "1.2.3", "exports": "./lib/main.js" }',
    }
    expect(await exportsOf({ ...files, "pkg/lib/main.js": main })).toMatchObject({ version: "1.2.3" })
  })
})

describe("a package finds others by", () => {
  const other = {
    "other/index.js": 'module.exports = "other"',
    "pkg/node_modules/other/index.js": 'module.exports = "own"',
  }
  const manifest = (name: string, more = {}) => ({
    [`${name}/package.json`]: JSON.stringify({ name, ...more }),
  })

  test.each([
    [
      "a function that gets require",
      'module.exports = lazy(require)("other"); function lazy(r) { return (n) => r(n) }',
    ],
    [
      "a function that gets the module",
      'module.exports = dynamic(module, "other"); function dynamic(m, n) { return m.require(n) }',
    ],
    ["a require with more arguments", 'module.exports = require("other", "name")'],
    [
      "a name that its text has somewhere",
      'const names = { o: "other" }; module.exports = ((o) => require(o))(names.o)',
    ],
    ["require.main", 'module.exports = require.main.require("other")'],
    ["module.parent", 'module.exports = module.parent.require("other")'],
  ])("%s, its own before a common one", async (_, main) => {
    const files = {
      ...other,
      ...manifest("other"),
      ...manifest("pkg/node_modules/other"),
      ...manifest("pkg"),
    }
    expect(await exportsOf({ ...files, "pkg/index.js": main })).toBe("own")
  })

  test("a name that only another package knows, when the hook declares it", async () => {
    const files = {
      ...manifest("pkg", { dependencies: { dialects: "1" } }),
      "pkg/index.js": 'module.exports = require("dialects")("data" + "base")',
      ...manifest("dialects"),
      "dialects/index.js": "module.exports = (name) => require(name)",
      ...manifest("database"),
      "database/index.js": 'module.exports = "declared"',
    }
    expect(await exportsOf(files, ["database"])).toBe("declared")
    await expect(exportsOf(files)).rejects.toThrow(
      /^Cannot find module 'database': \/node_modules\/dialects\/index\.js asks for it as it runs.*Add it to the hook's "dependencies"/,
    )
  })

  test("a peer that is installed", async () => {
    const files = {
      ...manifest("pkg", { peerDependenciesMeta: { peer: { optional: true } } }),
      "pkg/index.js": 'module.exports = ((name) => require(name))(["pe", "er"].join(""))',
      ...manifest("peer"),
      "peer/index.js": 'module.exports = "peer"',
    }
    expect(await exportsOf(files)).toBe("peer")
  })

  test("the beginning of a name", async () => {
    const files = {
      ...manifest("pkg"),
      "pkg/index.js": 'module.exports = ["a", "b/lib/x"].map((name) => require("plugin-" + name))',
      ...manifest("plugin-a"),
      "plugin-a/index.js": 'module.exports = "a"',
    }
    await expect(exportsOf(files, ["plugin-a"])).rejects.toThrow("Cannot find module 'plugin-b/lib/x'")
  })

  test("a require of a folder, which asks Node's loader in a package of its own", async () => {
    const main = `const at = require("require-at")
      const ask = (folder) => { try { return at(folder)("other") } catch (error) { return error.code } }
      module.exports = [at("/node_modules/pkg", "./name"), ask(__dirname), ask("/"), ((name) => require(name))("other")]`
    const files = {
      ...other,
      ...manifest("other"),
      ...manifest("pkg/node_modules/other"),
      ...manifest("pkg"),
    }
    const loader = { ...manifest("require-at"), "require-at/index.js": 'require("fs").statSync("/")' }
    const own = { "pkg/index.js": main, "pkg/name.js": 'module.exports = "name"' }
    const all = { ...files, ...loader, ...own }
    expect(await exportsOf(all)).toEqual(["name", "own", "MODULE_NOT_FOUND", "own"])
  })

  test("what replaces require, without harm to the others", async () => {
    const files = {
      ...manifest("pkg"),
      "pkg/index.js": 'module.exports = [require("./utils").other(), require("other")]',
      "pkg/utils.js": `"use strict"
        var utils = require("lazy")(require)
        var fn = require
        require = utils
        require("other", "other")
        require = fn
        module.exports = utils`,
      ...manifest("lazy"),
      "lazy/index.js": "module.exports = (fn) => function proxy(name, as) { proxy[as] = () => fn(name) }",
      ...manifest("other"),
      "other/index.js": 'module.exports = "other"',
    }
    expect(await exportsOf(files)).toEqual(["other", "other"])
  })
})

describe("the require of a package", () => {
  test("has Node's modules, and loads a file once, whichever way it is asked for", async () => {
    const main = `let name = "./count"
      module.exports = [require(name) === require("./count"), require("pa" + "th").sep, typeof require.cache, require.main === module]`
    const files = { "pkg/index.js": main, "pkg/count.js": "exports.n = 1" }
    expect(await exportsOf(files)).toEqual([true, "/", "object", false])
  })

  test("names the file and what it asked for when there is no such thing, with Node's code", async () => {
    const main =
      'try { ((name) => require("./locale/" + name))("xx") } catch (error) { module.exports = error }'
    const error = await exportsOf({ ...locales, "pkg/lib/main.js": main })
    expect(error).toMatchObject({
      code: "MODULE_NOT_FOUND",
      message: expect.stringMatching(
        /^Cannot find module '\.\/locale\/xx': \/node_modules\/pkg\/lib\/main\.js asks/,
      ),
    })
  })

  test("is left alone where a function has a require of its own", async () => {
    const main = "module.exports = ((require) => require('a', 'b' + 1))((...all) => all.length)"
    expect(await exportsOf({ "pkg/index.js": main })).toBe(2)
  })

  test("follows a cycle of files as Node does", async () => {
    const files = {
      "pkg/index.js": 'exports.early = 1; const b = ((n) => require(n))("./b"); exports.seen = b.seen',
      "pkg/b.js": 'exports.seen = require("./index").early',
    }
    expect(await exportsOf(files)).toEqual({ early: 1, seen: 1 })
  })
})

test("a text of many parts is read, however deep its syntax is", async () => {
  const sum = Array.from({ length: 5_000 }, (_, n) => `"${n}"`).join(" + ")
  const main = `const text = ${sum}; module.exports = ((name) => require("./" + name))("a") + text.length`
  expect(await exportsOf({ "pkg/index.js": main, "pkg/a.js": 'module.exports = "a"' })).toBe("a18890")
})

describe("a computed require cannot", () => {
  test("take in a file behind a link, nor follow a link that leads round in circles", async () => {
    const { folder, outside, bundle } = await install({
      "pkg/index.js": 'module.exports = (name) => require("./data/" + name)',
      "pkg/data/here.js": 'module.exports = "here"',
    })
    await symlink(join(outside, "secret.js"), join(folder, "node_modules/pkg/data/secret.js"))
    await symlink(outside, join(folder, "node_modules/pkg/data/outside"))
    await symlink(join(folder, "node_modules/pkg"), join(folder, "node_modules/pkg/data/round"))
    const code = await bundle({})
    const ask = Object(load(code)["pkg"]?.())
    expect(ask("here")).toBe("here")
    for (const name of ["secret", "outside/secret.js", "round/data/here"])
      expect(() => ask(name)).toThrow(`Cannot find module './data/${name}'`)
    expect(code).not.toContain("s3cr3t")
  })

  test("reach out of the installed packages", async () => {
    const { bundle } = await install({
      "pkg/index.js": 'module.exports = (name) => require("../../../" + name)',
    })
    const code = await bundle({})
    expect(code).not.toContain("s3cr3t")
    expect(() => Object(load(code)["pkg"]?.())("secret.js")).toThrow(
      "Cannot find module '../../../secret.js'",
    )
  })

  test("take in a folder that is too large, which the log says", async () => {
    const many = Object.fromEntries(Array.from({ length: 2_001 }, (_, n) => [`pkg/data/${n}.js`, ""]))
    const { bundle, log } = await install({
      ...many,
      "pkg/index.js": 'module.exports = (n) => require("./data/" + n)',
    })
    const code = await bundle({})
    expect(() => Object(load(code)["pkg"]?.())("1")).toThrow("Cannot find module './data/1'")
    expect(log.text()).toContain("/node_modules/pkg/data has more than 2000 files")
  })

  test("make a bundle fail that is small enough without it, which the log says", async () => {
    const { bundle, log } = await install({
      "pkg/index.js": 'module.exports = (name) => require("./data/" + name)',
      "pkg/data/large.js": `module.exports = "${"x".repeat(20_000)}"`,
    })
    const code = await bundle({ maxBundleBytes: 12_000 })
    expect(code).not.toContain("xxx")
    expect(log.text()).toMatch(
      /nothing of what packages compute.*that will throw \(with more: The bundle has \d+ bytes/,
    )
  })

  test("make a bundle fail by native code that it might mean", async () => {
    const { bundle } = await install({
      "pkg/index.js": 'module.exports = (name) => require("./data/" + name)',
      "pkg/data/native.js": 'module.exports = require("./a.node")',
      "pkg/data/a.node": "ELF",
    })
    const code = await bundle({})
    expect(() => Object(load(code)["pkg"]?.())("native")).toThrow(
      "./a.node is native code, which hooks cannot run",
    )
  })
})
