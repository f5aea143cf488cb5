import { readFileSync } from "node:fs"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { expect, test, vi } from "vitest"
import { openOutput } from "../launcher/output.ts"

function open(printFrom: "debug" | "warn" = "warn") {
  const written: string[] = []
  const printed: string[] = []
  const output = openOutput({
    file: { write: (text) => void written.push(text), close: () => {} },
    print: (line) => void printed.push(line),
    printFrom,
  })
  return { output, written, printed }
}

function program(stdout: string[], stderr: string[] = []) {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  streams.stdout.end(stdout.map((line) => `${line}\n`).join(""))
  streams.stderr.end(stderr.map((line) => `${line}\n`).join(""))
  return streams
}

const INFO = '{"level":30,"time":0,"process":"worker","pid":7,"msg":"hook finished"}'
const WARN =
  '{"level":40,"time":0,"process":"worker","pid":7,"lane":"a","err":{"message":"away"},"msg":"redis failed"}'

test("every line goes to the file as it is; warnings and errors are printed for people", async () => {
  const { output, written, printed } = open()
  output.follow("worker 1", program([INFO, WARN]))
  await vi.waitFor(() => expect(written).toEqual([`${INFO}\n`, `${WARN}\n`]))
  expect(printed).toEqual([
    expect.stringMatching(/^\d\d:\d\d:\d\d WARN {2}worker: redis failed: away lane=a$/),
  ])
})

test("with the log level debug everything is printed", async () => {
  const { output, printed } = open("debug")
  output.follow("worker 1", program([INFO]))
  await vi.waitFor(() => expect(printed).toEqual([expect.stringMatching(/INFO {2}worker: hook finished$/)]))
})

test("what is not a log line becomes one, under the name of the process", async () => {
  const { output, written, printed } = open()
  output.follow("redis", program([], ["# plain words"]))
  await vi.waitFor(() => expect(written).toHaveLength(1))
  expect(JSON.parse(written[0] ?? "")).toMatchObject({ level: 30, process: "redis", msg: "# plain words" })
  expect(printed).toEqual([])
})

test.each([
  {
    what: "the last error in the log",
    lines: [WARN, '{"level":50,"time":0,"process":"p","msg":"disk full"}', INFO],
    expected: /ERROR p: disk full$/,
  },
  {
    what: "an uncaught exception",
    lines: ["x.ts:1", "throw", "AppError: PORT is taken", "    at f", "Node.js v26"],
    expected: /^AppError: PORT is taken$/,
  },
  {
    what: "a heap that is full",
    lines: ["FATAL ERROR: heap limit - JavaScript heap out of memory", "trace"],
    expected: /^FATAL ERROR: heap limit/,
  },
  { what: "else the last line", lines: ["one", "two"], expected: /^two$/ },
])("why a process ended: $what", async ({ lines, expected }) => {
  const { output, written } = open()
  const explain = output.follow("gateway", program([], lines))
  await vi.waitFor(() => expect(written).toHaveLength(lines.length))
  expect(explain({ code: 1, signal: null })).toMatch(expected)
})

test("a process that was killed is not explained by the last thing it happened to say", async () => {
  const { output, written } = open()
  const explain = output.follow("worker 1", program([INFO]))
  await vi.waitFor(() => expect(written).toHaveLength(1))
  expect(explain({ code: null, signal: "SIGKILL" })).toBeUndefined()
})

/** The case's hook ends its process with a text; here it comes in every place that a line of the log has. */
const { script } = JSON.parse(
  readFileSync(
    join(import.meta.dirname, "../../packages/executor/test/hostile/cases/log-terminal-escape.json"),
    "utf8",
  ),
)
const FORGED = `${JSON.parse(/process\.exit\((".*")\)/.exec(script)?.[1] ?? "")}\u009b2J\u202e\u2028{"level":50,"msg":"forged"}\r\u0007`

test.each([
  ["a reason", { level: 40, process: "worker", reason: FORGED, msg: "executor died" }],
  ["an error", { level: 50, process: "gateway", err: { message: FORGED }, msg: "request failed" }],
  ["a name of a field", { level: 40, process: "gateway", [FORGED]: [FORGED], msg: "request refused" }],
  ["a message and a process", { level: 40, process: FORGED, msg: FORGED }],
])("%s out of a hook is one line on the terminal, and no more than a text", async (_, fields) => {
  const { output, written, printed } = open()
  const line = JSON.stringify({ ...fields, time: 0 })
  const lastWords = output.follow("worker 1", program([line], [FORGED]))
  await vi.waitFor(() => expect(written.length).toBeGreaterThan(1))
  expect(written).toContain(`${line}\n`)
  const seen = [...printed, lastWords({ code: 1, signal: null }) ?? ""]
  expect(printed).toHaveLength(1)
  expect(written.filter((one) => one.startsWith('{"level":50,"msg"'))).toEqual([])
  for (const one of seen) {
    expect(one).toMatch(/forged/i)
    expect(one).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
  }
})
