import type { PackageLoaders } from "./hook-packages.ts"
import { missingModule } from "./missing-module.ts"
import type { FindBuiltin } from "./node/builtins.ts"

export interface RequireOptions {
  findBuiltin: FindBuiltin
  /** The hook's npm packages, when it has any; they get the `require` that has Node's modules only. */
  openPackages: ((require: Require) => PackageLoaders) | undefined
}

export type Require = (id: unknown) => unknown

/** Node's modules come before packages of the same name, as they do in Node. */
export function createRequire({ findBuiltin, openPackages }: RequireOptions): Require {
  let loaders: PackageLoaders | undefined

  function requireBuiltin(id: unknown): unknown {
    const specifier = String(id)
    const builtin = findBuiltin(specifier)
    if (builtin === undefined) throw missingModule(specifier)
    return builtin
  }

  const ofBuiltins = withMembers(requireBuiltin, () => undefined)

  function findPackage(specifier: string): (() => unknown) | undefined {
    loaders ??= openPackages?.(ofBuiltins) ?? {}
    return Object.hasOwn(loaders, specifier) ? loaders[specifier] : undefined
  }

  function requireAny(id: unknown): unknown {
    const specifier = String(id)
    const builtin = findBuiltin(specifier)
    if (builtin !== undefined) return builtin
    const load = findPackage(specifier)
    if (!load) throw missingModule(specifier)
    return load()
  }

  return withMembers(requireAny, findPackage)

  function withMembers(require: Require, find: typeof findPackage): Require {
    const resolve = (id: unknown) => {
      const specifier = String(id)
      if (findBuiltin(specifier) !== undefined) return specifier
      if (!find(specifier)) throw missingModule(specifier)
      return `/node_modules/${specifier}`
    }
    return Object.assign(require, {
      resolve: Object.assign(resolve, { paths: () => ["/node_modules"] }),
      cache: {},
      extensions: {},
      main: { id: ".", filename: "/hook.js", path: "/", paths: [], children: [], exports: {}, loaded: true },
    })
  }
}
