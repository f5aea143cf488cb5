/** What every `import()` of a hook comes to. */
export function refuseImport(specifier: string): never {
  const message = `import("${specifier}") is not available to hooks: use require("${specifier}")`
  throw Object.assign(new Error(message), { code: "ERR_HOOK_DENIED" })
}
