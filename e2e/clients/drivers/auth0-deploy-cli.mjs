// @ts-check
// The commands of the Deploy CLI as programs call them; its command line only reads their arguments.
import { createRequire } from "node:module"
import { serve } from "./serve.mjs"

const [packageName = ""] = process.argv.slice(2)
const require = createRequire(import.meta.url)
const { deploy, dump } = require(packageName)
keepCompiledSchemas(createRequire(require.resolve(packageName))("ajv/lib/ajv"))

serve({ import: (params) => deploy(params), export: (params) => dump(params) })

/**
 * Every import compiles the schema of a whole tenant anew, which takes 3 to 15 s of its 4 to 16.
 * @param {new () => { validate: (schema: object, data: unknown) => unknown, errors: unknown }} Ajv
 */
function keepCompiledSchemas({ prototype }) {
  const { validate } = prototype
  const compiled = new WeakMap()
  prototype.validate = function (schema, data) {
    // Text names a schema that the instance knows already.
    if (typeof schema === "string") return validate.call(this, schema, data)
    if (!compiled.has(schema)) compiled.set(schema, this)
    const first = compiled.get(schema)
    const isValid = validate.call(first, schema, data)
    this.errors = first.errors
    return isValid
  }
}
