/** What one file of a package can ask for as it runs, by the path that files have in the bundle. */
export interface RequireTable {
  /** The file that asks: `/node_modules/moment/moment.js`. */
  from: string
  /** Known specifiers, with the path of what they mean. */
  exact: Record<string, readonly [path: string, load: () => unknown]>
  /** Further files, by their path. */
  files: Record<string, () => unknown>
  /** The file that is meant by a folder, where its name does not tell. */
  mains: Record<string, string>
  /** Gives Node's modules, and throws for any other. */
  requireBuiltin: (id: string) => unknown
}

/** A `require` as packages know it. */
interface RuntimeRequire {
  (id: string): unknown
  resolve: (id: string) => string
  import(id: string): Promise<unknown>
  __filename: string
  __dirname: string
  /** Gives a module what it has in Node. */
  adopt(module: object): void
}

/**
 * Makes the `require` of one file of a bundle, for what it computes. Runs inside of the bundle, where it gets as the
 * text of this function: it must not refer to anything outside of itself but globals of the language.
 */
// biome-ignore lint/complexity/noExcessiveLinesPerFunction: its text must be whole
export function createRuntimeRequire(): (table: RequireTable) => RuntimeRequire {
  const loaders = new Map<string, () => unknown>()
  const mains = new Map<string, string>()

  return function open({ from, exact, files, mains: ownMains, requireBuiltin }) {
    for (const [path, load] of Object.values(exact)) loaders.set(path, load)
    for (const [path, load] of Object.entries(files)) loaders.set(path, load)
    for (const [folder, main] of Object.entries(ownMains)) mains.set(folder, main)
    const folder = from.slice(0, from.lastIndexOf("/"))

    const main = { ...moduleOf("/hook.js", require), id: ".", exports: {} }
    const members = {
      resolve: Object.assign((id: string) => find(check(id))[0], { paths: () => [`${folder}/node_modules`] }),
      import: async (id: string) => asNamespace(require(String(id))),
      adopt: (module: object) => Object.assign(module, moduleOf(from, require), { parent: main }),
      __filename: from,
      __dirname: folder,
      cache: Object.create(null),
      extensions: { ".js": () => {}, ".json": () => {}, ".node": () => {} },
      main,
    }
    return Object.assign(require, members)

    function require(id: string): unknown {
      return find(check(id))[1]()
    }

    function find(id: string): readonly [string, () => unknown] {
      if (!isPath(id)) {
        const builtin = findBuiltin(id)
        if (builtin) return builtin
      }
      const known = Object.hasOwn(exact, id) ? exact[id] : undefined
      if (known) return known
      const path = isPath(id) ? fileAt(join(folder, id)) : inPackages(id)
      const load = path === undefined ? undefined : loaders.get(path)
      if (path === undefined || !load) throw notFound(id)
      return [path, load]
    }

    function findBuiltin(id: string): readonly [string, () => unknown] | undefined {
      try {
        const builtin = requireBuiltin(id)
        return [id, () => builtin]
      } catch (error) {
        if (id.startsWith("node:") || Reflect.get(Object(error), "code") !== "MODULE_NOT_FOUND") throw error
        return undefined
      }
    }

    function inPackages(id: string): string | undefined {
      const parts = folder.split("/")
      for (let count = parts.length; count > 0; count -= 1) {
        const found = fileAt(`${parts.slice(0, count).join("/")}/node_modules/${id}`)
        if (found !== undefined) return found
      }
      return undefined
    }

    function notFound(id: string): Error {
      const advice = isPath(id)
        ? "no such file of its package is in the hook's bundle"
        : `it is not in the hook's bundle. Add it to the hook's "dependencies", and to its script if that is not enough: require(${JSON.stringify(id)})`
      const message = `Cannot find module '${id}': ${from} asks for it as it runs, and ${advice}`
      return Object.assign(new Error(message), { code: "MODULE_NOT_FOUND", requireStack: [from] })
    }
  }

  function fileAt(path: string): string | undefined {
    const whole = path.replace(/\/$/, "")
    const main = mains.get(whole)
    const names = [
      whole,
      `${whole}.js`,
      `${whole}.cjs`,
      `${whole}.json`,
      main,
      `${whole}/index.js`,
      `${whole}/index.json`,
    ]
    return names.find((name) => name !== undefined && loaders.has(name))
  }

  function join(folder: string, id: string): string {
    const path: string[] = []
    for (const part of (id.startsWith("/") ? id : `${folder}/${id}`).split("/")) {
      if (part === "..") path.pop()
      else if (part !== "." && part !== "") path.push(part)
    }
    return `/${path.join("/")}`
  }

  function isPath(id: string): boolean {
    return /^(?:\.{0,2}\/|\.{1,2}$)/.test(id)
  }

  function check(id: unknown): string {
    if (typeof id === "string" && id !== "") return id
    throw Object.assign(new TypeError(`The "id" argument must be of type string. Received ${String(id)}`), {
      code: "ERR_INVALID_ARG_TYPE",
    })
  }

  function moduleOf(filename: string, require: (id: string) => unknown) {
    return {
      id: filename,
      filename,
      path: filename.replace(/\/[^/]*$/, "") || "/",
      require,
      paths: [],
      children: [],
      loaded: false,
    }
  }

  function asNamespace(value: unknown): unknown {
    const isModule = typeof value === "object" && value !== null && Reflect.get(value, "__esModule")
    return isModule ? value : { ...Object(value), default: value }
  }
}
