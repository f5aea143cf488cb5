import { inspect } from "node:util"
import { describe, expect, test } from "vitest"
import { createRedactor, keepRedactor } from "../src/redact.ts"

const SHORT = "s3cr3t"
const KEY = "a \"Key\" of/50%+\\ & <some> 'marks': Zm9v-_=#1"
const UNICODE = "pässwörd·ключ·鍵🔑"
const URL_VALUE = "https://user:pass@db.example.com:5432/path?token=abcdef"
const LONG = Array.from({ length: 400 }, (_, index) => `${index * 7919}x`).join(".")
const PEM = `-----BEGIN PRIVATE KEY-----
MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj
MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu
AAB=
-----END PRIVATE KEY-----
`
const VALUES = { SHORT, KEY, UNICODE, URL_VALUE, LONG, PEM }

const base64 = (text: string) => Buffer.from(text).toString("base64")
const percentAll = (text: string) => Buffer.from(text).toString("hex").replace(/../g, "%$&")
const html = (text: string) =>
  text.replace(
    /[&<>"']/g,
    (one) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[one] ?? "&#39;",
  )

/** What a hook does to a value before it, or a library, prints it. */
const FORMS: Record<string, (value: string) => string> = {
  "as it is": (value) => value,
  "in a sentence": (value) => `cannot log in with ${value}, sorry`,
  "in capitals": (value) => value.toUpperCase(),
  "in lower case, as a host": (value) => value.toLowerCase(),
  "with other line ends": (value) => value.replaceAll("\n", "\r\n"),
  "as JSON": (value) => JSON.stringify({ value }),
  "as JSON in JSON": (value) => JSON.stringify({ body: JSON.stringify({ value }) }),
  "as JSON in JSON in JSON": (value) => JSON.stringify(JSON.stringify(JSON.stringify({ value }))),
  "in an object that is shown": (value) => inspect({ deep: { value }, list: [value] }),
  "in a Map, as key and as value": (value) => inspect(new Map([[value, { value }]])),
  "in an error's stack that is shown": (value) => inspect(new Error(value)),
  "as a symbol": (value) => inspect(Symbol(value)),
  "as a part of a URL": (value) => `http://h/?key=${encodeURIComponent(value)}&x=1`,
  "as a whole URL": (value) => encodeURI(value),
  "in a form": (value) => String(new URLSearchParams({ value, other: "x" })),
  "percent-encoded throughout": percentAll,
  "percent-encoded in capitals": (value) => percentAll(value).toUpperCase(),
  "as a URL in JSON": (value) => JSON.stringify({ url: `/?q=${encodeURIComponent(value)}` }),
  "in HTML": html,
  "in Base64": base64,
  "in Base64 of user and password": (value) => `Basic ${base64(`u:${value}`)}`,
  "in Base64 one byte later": (value) => `Basic ${base64(`us:${value}`)}`,
  "in Base64 two bytes later": (value) => `Basic ${base64(`use:${value}@host`)}`,
  "in the Base64 of URLs": (value) => Buffer.from(`{"k":"${value}"}`).toString("base64url"),
  "in Base64 of many lines": (value) => base64(`{"k":"${value}"}`).replace(/.{76}/g, "$&\r\n"),
  "in Base64 in a URL": (value) => encodeURIComponent(base64(`x:${value}`)),
  "in hex": (value) => Buffer.from(value).toString("hex"),
  "in hex, in capitals": (value) => Buffer.from(`x${value}`).toString("hex").toUpperCase(),
  "as a list of bytes": (value) => JSON.stringify(Buffer.from(value)),
  "as UTF-8 that was read as Latin 1": (value) => Buffer.from(value).toString("latin1"),
}

/** True when eight characters that stand together in the value can be read in a text. */
function shows(text: string, value: string): boolean {
  const read = text.toLowerCase()
  const readable = [...value.trim().toLowerCase()].join("")
  for (let at = 0; at + 8 <= readable.length; at += 1)
    if (read.includes(readable.slice(at, at + 8))) return true
  return read.includes(readable)
}

describe.each(Object.entries(VALUES))("the value %s is taken out", (name, value) => {
  test.each(Object.entries(FORMS))("%s", (_, form) => {
    const text = form(value)
    const redacted = createRedactor(VALUES)(`before ${text} after`)
    expect(redacted).toMatch(/^before .*\[secret\].* after$/s)
    expect(shows(redacted, value)).toBe(false)
    // Whatever is left is what stood around the value, and the ends of Base64 that depend on it.
    expect(redacted.length).toBeLessThan(form("").length * 2 + 120)
    expect(name).toBeTruthy()
  })
})

describe("nothing else is taken out", () => {
  test.each([
    ["a hook without secrets", {}, "a text"],
    ["a short value", { REGION: "eu-1", FLAG: " true ", CODE: "12345" }, "eu-1 is true: 12345"],
    ["a value that is a part of another word's spaces", { WORD: "nosuch" }, "there is no such user"],
    ["the beginning of a value that was not cut", { URL: URL_VALUE }, "https://user is no address"],
    [
      "short lines of a value",
      { JSON: '{\n  "a": 1,\n  "list": [],\n  "c": "d"\n}' },
      '{ "list": [], "a": 1, }',
    ],
  ])("because of %s", (_, secrets, text) => {
    expect(createRedactor(secrets)(text)).toBe(text)
  })

  test("around a value", () => {
    const redact = createRedactor(VALUES)
    expect(redact(`a \\n "${SHORT}" %41 &amp; b`)).toBe('a \\n "[secret]" %41 &amp; b')
    expect(redact(inspect({ PEM }))).toBe("{\n  PEM: '[secret]\\n'\n}")
  })
})

describe("of a value that was cut, the beginning is taken out", () => {
  const redact = createRedactor(VALUES)
  test.each([
    ["at the bound of a text", `${"x ".repeat(50)} ${KEY.slice(0, 12)}…`],
    ["by a person", `the key is ${PEM.slice(0, 20)}...`],
    ["within JSON", `{"a":${JSON.stringify(URL_VALUE).slice(0, 30)}…`],
    ["by inspect, in a string", inspect({ LONG }, { maxStringLength: 1_000 })],
    ["by inspect, in bytes", inspect(Buffer.from(LONG))],
    ["by inspect, in a list", inspect([...Buffer.from(LONG)], { maxArrayLength: 50 })],
    ["in Base64", `Basic ${base64(`me:${LONG}`).slice(0, 200)}…`],
  ])("%s", (_, text) => {
    const redacted = redact(text)
    expect(redacted).toContain("[secret]")
    for (const value of [KEY, PEM, URL_VALUE, LONG]) expect(redacted).not.toContain(value.slice(0, 6))
    expect(redacted).not.toMatch(/([0-9a-f]{2} ){3}|(\d+, +){3}|[A-Za-z0-9]{12}/)
  })

  test("and each line of it counts as a value, alone and where others are too short", () => {
    expect(redact("MzEfYyjiWA4R4/M2bS1GB4t7NXp98C3SC6dVMvDuictGeurT8jNbvJZHtCSuYEvu")).toBe("[secret]")
    expect(redact(inspect(PEM.split("\n")))).not.toMatch(/AAB|MII|KEY/)
  })
})

test("in lines that follow each other, only what belongs to a value is taken out", () => {
  const { together } = createRedactor({ KEY: "Zm9vYmFyYmF6cXV4", OTHER: "0123456789abcdef" })
  expect(together?.(["a Zm9vYm", "FyYmF6", "cXV4 b", "", "0123456789abcdef c", "d", "Zm9v"])).toEqual([
    "a [secret]",
    "[secret]",
    "[secret] b",
    "",
    "[secret] c",
    "d",
    "Zm9v",
  ])
})

test("overlapping values leave nothing between them", () => {
  const redact = createRedactor({ a: "abcdefgh", b: "efghijklmnop", c: "op-and-more" })
  expect(redact("[abcdefghijklmnop-and-more]")).toBe("[[secret]]")
})

test("the same secrets have one redactor, others their own", () => {
  const redactorOf = keepRedactor()
  const redact = redactorOf({ KEY })
  expect(redactorOf({ KEY })).toBe(redact)
  expect(redactorOf({ KEY: SHORT })(`${SHORT} ${KEY}`)).toBe(`[secret] ${KEY}`)
})

/** Processor time is what a worker's other runs would wait for; other processes do not count. */
function processorMs(act: () => void): number {
  const before = process.cpuUsage()
  act()
  const { user, system } = process.cpuUsage(before)
  return (user + system) / 1_000
}

describe("the time is in proportion to the text", () => {
  const letters = "a".repeat(16_000)
  const HARD: [string, Record<string, string>, string][] = [
    [
      "twenty long values",
      Object.fromEntries([...Array(20).keys()].map((n) => [n, `${n}${LONG}`])),
      "some words, ",
    ],
    [
      "values that are nearly the text",
      Object.fromEntries([...Array(20).keys()].map((n) => [n, letters + n])),
      "a",
    ],
    ["beginnings of values, cut", { a: `${letters.slice(0, 90)}b` }, `${letters.slice(0, 89)}…`],
    ["escapes of escapes", VALUES, "\\"],
    ["percent signs", VALUES, "%41"],
    ["quotes and spaces", VALUES, "'   + "],
    ["dots", VALUES, "... "],
  ]
  test.each(HARD)("with %s", (_, secrets, piece) => {
    const redact = createRedactor(secrets)
    const textOf = (chars: number) => piece.repeat(Math.ceil(chars / piece.length)).slice(0, chars)
    redact(textOf(4_096))
    const small = processorMs(() => redact(textOf(16_384)))
    const large = processorMs(() => redact(textOf(16 * 16_384)))
    // 16 times the text. Three times that is allowed for a noisy machine, which is far from the square.
    expect(large).toBeLessThan(16 * 3 * Math.max(small, 20))
    expect(large).toBeLessThan(3_000)
  })
})
