import { createServer } from "node:net"
import type { RunReport } from "@hooklane/core"
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest"
import type { Executors } from "../src/index.ts"
import { noAbort, runBody, start, taskOf } from "./harness.ts"
import { readCases } from "./hostile/read-case.ts"

const S = "SEKRETa1b2c3d4e5f6"
const PEM =
  "-----BEGIN KEY-----\nMIIEvQIBADANBgkqhkiG9w0BAQ\nAFAASCBKcwggSjAgEAAoIBAQC7\nAB=\n-----END KEY-----\n"
const NUMBER = "8675309421"
const secrets = { S, PEM, NUMBER }

let executors: Executors

beforeAll(async () => {
  executors = await start()
})
afterAll(() => executors.close())

/** Nothing of a value in what people see of a run: no line of it, in no case, neither in Base64 nor in hex. */
function expectNoSecret(report: RunReport, values: Record<string, string> = secrets): void {
  const seen = JSON.stringify(report).toLowerCase()
  for (const line of Object.values(values).flatMap((value) => value.split("\n").filter(Boolean))) {
    const bytes = Buffer.from(line)
    const hex = bytes.toString("hex")
    const forms = [
      line,
      bytes.toString("base64").slice(0, -4),
      hex,
      hex.replace(/../g, "$& ").trim(),
      bytes.join(","),
    ]
    for (const form of forms.filter(({ length }) => length > 2))
      expect(seen).not.toContain(form.toLowerCase())
  }
}

test.each(readCases("secret-"))(
  "$id: $mustHold",
  async ({ script, trigger: triggerId, payload, secrets: own }) => {
    const report = await executors.run(taskOf(script, { triggerId, event: payload, secrets: own }), noAbort)
    expectNoSecret(report, own)
  },
)

test.each(readCases("log-"))(
  "$id: the text is not even told",
  async ({ script, trigger: triggerId, payload }) => {
    const { outcome } = await executors.run(taskOf(script, { triggerId, event: payload }), noAbort)
    expect(outcome).toEqual({ status: "crashed", reason: "it called process.exit()" })
  },
)

const SECRETS = "const { S, PEM, NUMBER } = context.webtask.secrets;"

/** Runs one of many bodies; all of them are one hook, so that they share its process. */
function runOneOf(bodies: Record<string, string>, chosen: string): Promise<RunReport> {
  const hooks = Object.entries(bodies).map(
    ([name, body]) => `${JSON.stringify(name)}: (user, context, cb) => { ${SECRETS} ${body} }`,
  )
  const script = `const hooks = { ${hooks.join(",\n")} }
    module.exports = (user, context, cb) => hooks[user.chosen](user, context, cb)`
  const [versionId = ""] = Object.keys(bodies)
  const event = { user: { chosen }, context: { connection: {} } }
  return executors.run(taskOf(script, { versionId, event, secrets }), noAbort)
}

describe("what a hook prints holds no secret:", () => {
  const PRINTED = {
    "the secrets as an object": "console.log(context.webtask.secrets, context)",
    "a key of an object": "console.log({ [S]: 1 }, JSON.stringify({ [S]: PEM }))",
    "a Map and a Set": "console.log(new Map([[S, PEM]]), new Set([PEM, S]))",
    "an instance of a class":
      "console.log(new (class Box { constructor() { this.pem = PEM; this.deep = [{ S }] } })())",
    "a name of a class or a function": "console.log(class { static name = S }, { [S]() {} })",
    "a symbol": "console.log(Symbol(S), { [Symbol(S)]: Symbol.for(PEM) })",
    "a buffer":
      "console.log(Buffer.from(S), Buffer.from(PEM), new Uint8Array(Buffer.from(S)), JSON.stringify(Buffer.from(S)))",
    "bytes as text":
      "const b = Buffer.from(S + PEM); for (const e of ['latin1', 'hex', 'base64', 'base64url', 'ascii']) console.log(b.toString(e))",
    "a header":
      "console.log({ headers: { Authorization: 'Basic ' + Buffer.from('user:' + S).toString('base64') } })",
    "a URL":
      "console.log(new URL('http://user:' + S + '@' + S + '.example.com/?' + encodeURIComponent(PEM)))",
    "an error":
      "const e = new TypeError(S, { cause: new Error(PEM) }); e.code = S; console.error(e, [new AggregateError([e], S)])",
    "the lines of a key":
      "console.log(PEM.split('\\n')); for (const line of PEM.split('\\n')) console.log(line.length > 10 && line)",
    "JSON in JSON":
      "console.log(JSON.stringify({ body: JSON.stringify({ PEM, S }) }), require('util').inspect(JSON.stringify(PEM)))",
    "a long text": "console.log('x'.repeat(8180) + S); console.log(['x'.repeat(8170) + ' ' + S])",
    "the streams of the process": "process.stdout.write(S + '\\n'); process.stderr.write(PEM)",
    "pieces of one line": "process.stdout.write(S.slice(0, 9)); process.stdout.write(S.slice(9) + '\\n')",
    "two lines": "console.log(S.slice(0, 9)); console.log(S.slice(9)); console.log('next')",
    "a line for each character": "for (const one of S) console.log(one)",
    "its characters":
      "console.log([...S], { ...S }, JSON.stringify({ ...S })); console.log(S.split('').join(' '))",
    "codes of its characters":
      "const codes = [...S].map((one) => one.charCodeAt(0)); console.log(codes.join(' ')); console.log(codes.map((one) => '0x' + one.toString(16)).join(', '))",
    "colours and what no terminal shows":
      "console.log(S.slice(0, 9) + '\\x1b[31m' + S.slice(9)); console.log([...S].join('\\u200b'), [...S].join('\\0'), [...S].join('\\x1b[0m'))",
    "the other methods":
      "console.table([{ S }]); console.dir({ PEM }); console.assert(false, S); console.time(S); console.timeEnd(S); console.count(PEM); console.group(S)",
    "the storage's neighbour":
      "console.log(context.webtask.data, String(Object.entries(context.webtask.secrets)))",
  }
  const PRINTING = Object.fromEntries(Object.entries(PRINTED).map(([name, body]) => [name, `${body}; cb()`]))
  test.each(Object.keys(PRINTED))("%s", async (name) => {
    const report = await runOneOf(PRINTING, name)
    expect(report.outcome.status).toBe("returned")
    expect(JSON.stringify(report.logs)).toContain("[secret]")
    expectNoSecret(report)
    // A beginning that a cut left counts, too.
    expect(JSON.stringify(report)).not.toMatch(/SEKRET|MIIEvQ/)
  })
})

describe("how a run fails holds no secret:", () => {
  const FAILED = {
    "a message": "cb(new Error('no ' + S))",
    "a name": "const e = new Error('x'); e.name = S; cb(e)",
    "the name of a class":
      "cb(new ({ [S]: class extends Error { constructor() { super(PEM); this.name = S } } })[S]())",
    "a code, a number, a property":
      "cb(Object.assign(new Error('x'), { code: S, number: Number(NUMBER), PEM, deep: [{ S }] }))",
    "a key of a property": "cb(Object.assign(new Error('x'), { [S]: { [PEM]: 1 } }))",
    "a cause": "cb(Object.assign(new Error('x', { cause: PEM }), { cause: { message: S } }))",
    "many errors": "cb(new AggregateError([S, PEM], S))",
    bytes:
      "cb(Object.assign(new Error('x'), { a: Buffer.from(S), b: new Uint8Array(Buffer.from(S)), c: PEM.split('\\n') }))",
    "its characters as properties": "cb(Object.assign(new Error('x'), { ...S, other: { ...S } }))",
    "a stack":
      "const e = new Error('x'); e.stack = [S, '    at ' + S + ' (' + S + '.js:1:1)'].join('\\n'); cb(e)",
    "a string that is thrown": "throw S",
    "an object that is thrown": "throw { message: PEM, toString() { return S } }",
    "an error in a timer": "setTimeout(() => { throw new Error(S) })",
    "a promise that nobody caught": "Promise.reject(new Error(PEM))",
    "an error while the error is read":
      "const e = new Error('x'); Object.defineProperty(e, 'y', { get() { throw new Error(S) } }); cb(e)",
    "the end of a long message": "cb(new Error('x'.repeat(16370) + ' ' + S))",
    "an exit": "process.exit(S)",
    "an exit with a number": "process.exit(Number(NUMBER))",
    "a package that is not there": "require(S)",
    "a name that is not there": "null[S]",
  }
  test.each(Object.keys(FAILED))("%s", async (name) => {
    const report = await runOneOf(FAILED, name)
    expect(report.outcome.status).toMatch(/rejected|threw|crashed/)
    expectNoSecret(report)
    expect(JSON.stringify(report)).not.toMatch(/SEKRET|MIIEvQ/)
  })

  test("an error in the body of the module", async () => {
    const script = `module.exports = 1; throw Object.assign(new Error("${S}"), { name: "${S}" })`
    expectNoSecret(await executors.run(taskOf(script, { secrets }), noAbort))
  })
})

describe("the connections of a run hold no secret:", () => {
  const OPENED = {
    "the name of a host": "fetch('http://' + S + '.invalid/').catch((e) => cb(e.cause))",
    "a host that is none": "require('net').connect(80, S + ' ' + PEM).on('error', cb)",
    "a host that is too long": "require('net').connect(80, 'x'.repeat(245) + S).on('error', cb)",
    "a user in an address":
      "require('http').get('http://' + S + ':' + S + '@127.0.0.1:1/' + S).on('error', cb)",
    "a lookup": "require('dns').lookup(S + '.invalid', cb)",
  }
  test.each(Object.keys(OPENED))("%s", async (name) => {
    const report = await runOneOf(OPENED, name)
    expect(report.outcome.status).toBe("rejected")
    expectNoSecret(report)
    expect(JSON.stringify(report)).not.toMatch(/SEKRET/i)
  })
})

test("a run that is stopped in a function of a secret's name, and its last output", async () => {
  const body = `${SECRETS} console.log(PEM, { S }); const named = { [S]() { for (;;); } }; named[S]()`
  const report = await runBody(executors, body, { secrets, timeoutMs: 300 })
  expect(report.outcome.status).toBe("timed_out")
  expect(report.kill).toMatchObject({
    reason: "wall_time",
    lastOutput: [{ message: "[secret]\n { S: '[secret]' }" }],
  })
  expectNoSecret(report)
})

test("a run whose process dies, its last output, its calls, and the log of the worker", async () => {
  const server = createServer((socket) => socket.destroy())
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done))
  onTestFinished(() => void server.close())
  const warned: object[] = []
  const own = await start({ log: { warn: (fields) => void warned.push(fields) } })
  onTestFinished(() => own.close())
  const body = `${SECRETS} console.log({ PEM, S }); require("net").connect(80, S + ".invalid").on("error", () => {})
    setTimeout(() => { const a = []; for (;;) a.push(Buffer.alloc(1e6, 1)) }, 100)`
  const report = await runBody(own, body, { secrets })
  expect(report.outcome.status).toBe("out_of_memory")
  expect(report.kill?.lastOutput).toHaveLength(1)
  expect(report.calls).toHaveLength(1)
  expectNoSecret(report)
  expect(JSON.stringify(warned)).not.toMatch(/SEKRET|MIIEvQ/)
})

test("the answer that the caller asked for is left as it is", async () => {
  const { outcome } = await runBody(executors, `${SECRETS} cb(null, { signed: S })`, { secrets })
  expect(outcome).toEqual({ status: "returned", value: { signed: S } })
})
