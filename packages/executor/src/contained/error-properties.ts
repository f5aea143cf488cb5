/** Levels of objects that are looked into when a property cannot be written as it is. */
const MAX_DEPTH = 8
/** Values that are looked at for one such property. */
const MAX_VALUES = 2_000
/** As JSON, of one object that is not plain; more is rather a part of Node or of a library than of what went wrong. */
const MAX_INSTANCE_CHARS = 4_096

/** The own properties of an error that are told besides its texts, as one JSON object. */
export type TellProperties = (error: object, maxChars: number) => string | undefined

const TEXTS = ["name", "message", "stack"]

/**
 * Made before user code runs, because it reads with the language's intrinsics as they are then. A property that is
 * cyclic is told without the part that leads back; one that throws when it is read, or that does not fit, is left out.
 */
export function createTellProperties(): TellProperties {
  const { parse, stringify } = JSON
  const { getOwnPropertyNames, getPrototypeOf, keys, create, prototype } = Object
  const { get } = Reflect
  const { isArray } = Array
  const { isError } = Error

  return (error, maxChars) => {
    const told: string[] = []
    let charsLeft = maxChars
    for (const key of getOwnPropertyNames(error)) {
      if (TEXTS.includes(key)) continue
      const json = jsonOf(error, key)
      if (json === undefined || json.length > charsLeft) continue
      charsLeft -= json.length
      told.push(`${stringify(key)}:${json}`)
    }
    return told.length > 0 ? `{${told.join(",")}}` : undefined
  }

  function jsonOf(error: object, key: string): string | undefined {
    try {
      const value: unknown = get(error, key)
      try {
        return stringify(value)
      } catch {
        return stringify(plain(value, [error], { left: MAX_VALUES }))
      }
    } catch {
      return undefined
    }
  }

  /** A copy that can be written as JSON; undefined for what cannot. */
  function plain(value: unknown, above: readonly object[], values: { left: number }): unknown {
    if (typeof value === "bigint") return undefined
    if (typeof value !== "object" || value === null) return value
    values.left -= 1
    if (values.left < 0 || above.length >= MAX_DEPTH || above.includes(value)) return undefined
    if (isArray(value)) return value.map((one) => plain(one, [...above, value], values))
    if (!isPlain(value)) return instance(value)
    const copy: Record<string, unknown> = create(null)
    for (const key of keys(value)) {
      if (values.left <= 0) break
      copy[key] = attempt(() => plain(get(value, key), [...above, value], values))
    }
    return copy
  }

  function isPlain(value: object): boolean {
    const parent: unknown = getPrototypeOf(value)
    return (
      (parent === prototype || parent === null || isError(value)) &&
      typeof get(value, "toJSON") !== "function"
    )
  }

  function instance(value: object): unknown {
    return attempt(() => {
      const json = stringify(value)
      return json === undefined || json.length > MAX_INSTANCE_CHARS ? undefined : parse(json)
    })
  }

  function attempt(act: () => unknown): unknown {
    try {
      return act()
    } catch {
      return undefined
    }
  }
}
