import { Script } from "node:vm"
import { refuseImport } from "./refuse-import.ts"

/** What stacks, and `__filename` in a package, call the hook's npm packages. */
const PACKAGES_FILE = "/packages.js"

/** Loads the module that `require` is asked for, the first time; later ones get the same. */
export type PackageLoaders = Record<string, () => unknown>

/**
 * The bundle of a hook's npm packages as a function of `require`, which gives it Node's modules. Its text is printed
 * from syntax by our bundler, so unlike a hook's script it cannot reach out of the function around it.
 */
export function compilePackages(bundle: string): Script {
  const head =
    "(function (require) { const module = { exports: {} }; (function (module, exports, __filename, __dirname) {"
  const foot = `\n})(module, module.exports, "${PACKAGES_FILE}", "/"); return module.exports })`
  return new Script(head + bundle + foot, {
    filename: PACKAGES_FILE,
    columnOffset: -head.length,
    importModuleDynamically: refuseImport,
  })
}
