/** An environment of the hook's own, empty at first. As in Node, all that it keeps are texts. */
export function createHookEnv(): object {
  return new Proxy<Record<string, string>>(
    {},
    {
      set(target, name, value) {
        if (typeof name === "symbol" || typeof value === "symbol") throw noText()
        target[name] = String(value)
        return true
      },
      defineProperty(target, name, { value, ...rest }) {
        if (typeof name === "symbol" || typeof value === "symbol") throw noText()
        return Reflect.defineProperty(target, name, { ...rest, value: String(value) })
      },
    },
  )
}

function noText(): TypeError {
  return new TypeError("Cannot convert a Symbol value to a string")
}
