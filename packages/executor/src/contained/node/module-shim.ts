import { missingModule } from "../missing-module.ts"
import { denyModule } from "./denied-module.ts"

const { builtinModules } = process.getBuiltinModule("module")
const nothing = () => {}

/** The `module` of hooks: it makes a `require` for Node's modules. What would be put between a module and its loading is not called. */
export function createModuleShim(find: (specifier: string) => unknown): object {
  const require = (id: unknown) => {
    const found = find(String(id))
    if (found === undefined) throw missingModule(String(id))
    return found
  }
  const resolve = (id: unknown) => {
    require(id)
    return String(id)
  }
  const own: Record<string, unknown> = {
    builtinModules,
    createRequire: () => Object.assign((id: unknown) => require(id), { resolve, cache: {}, main: undefined }),
    enableCompileCache: () => ({ status: 3 }),
    findPackageJSON: nothing,
    findSourceMap: nothing,
    flushCompileCache: nothing,
    getCompileCacheDir: nothing,
    getSourceMapsSupport: () => ({ enabled: false, nodeModules: false, generatedCode: false }),
    globalPaths: [],
    isBuiltin: (id: unknown) => find(String(id)) !== undefined,
    prototype: { require },
    register: nothing,
    registerHooks: () => ({ deregister: nothing }),
    setSourceMapsSupport: nothing,
    syncBuiltinESMExports: nothing,
  }
  const module = denyModule("module", own)
  return Object.assign(module, { Module: module })
}
