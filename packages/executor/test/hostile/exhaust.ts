import type { OutcomeStatus } from "@hooklane/core"

/** A hook that wants all of something: its name, its body, and how it may end. */
export type Exhaustion = readonly [name: string, body: string, ends: readonly OutcomeStatus[]]

const STOPPED: OutcomeStatus[] = ["timed_out"]
const FULL: OutcomeStatus[] = ["out_of_memory", "crashed", "threw", "rejected", "timed_out"]
const ANSWERED: OutcomeStatus[] = ["returned", "rejected", "threw", "invalid_result", "timed_out"]

/** The function's parameters are `(user, context, cb)`; its time is half a second. */
export const EXHAUST: Exhaustion[] = [
  ["an endless loop", "for (;;);", STOPPED],
  ["an endless loop in a microtask", "Promise.resolve().then(() => { for (;;); })", STOPPED],
  ["an endless loop in a getter of the result", "cb(null, { get a() { for (;;); } })", STOPPED],
  ["an endless loop in toJSON", "cb(null, { toJSON() { for (;;); } })", STOPPED],
  ["an endless loop in a proxy", "cb(null, new Proxy({}, { ownKeys() { for (;;); } }))", STOPPED],
  [
    "an endless loop in an error's message",
    "const e = new Error(); Object.defineProperty(e, 'message', { get() { for (;;); } }); cb(e)",
    STOPPED,
  ],
  [
    "an endless loop in a console argument",
    "const o = { toString() { for (;;); } }; console.log(String(o))",
    STOPPED,
  ],
  [
    "an endless iterator",
    "Array.from({ [Symbol.iterator]: () => ({ next: () => ({ value: 1, done: false }) }) })",
    FULL,
  ],
  ["a storm of microtasks", "const f = () => Promise.resolve().then(f); f()", STOPPED],
  ["a storm of awaits", "(async () => { for (;;) await 0 })()", STOPPED],
  ["a storm of ticks", "const f = () => process.nextTick(f); f()", STOPPED],
  ["a storm of immediates", "const f = () => setImmediate(f); f()", STOPPED],
  ["a regular expression", "/^(a+)+$/.test('a'.repeat(40) + 'b')", STOPPED],
  ["a hostile sort", "for (;;) [3, 2, 1].sort(() => Math.random() - 0.5)", STOPPED],
  ["a deep recursion", "const f = () => f() + 1; f()", ["threw"]],
  ["a number without end", "let n = 2n; for (;;) n *= n", FULL],
  ["a key derivation", "require('crypto').pbkdf2Sync('a', 'b', 1e9, 64, 'sha512')", STOPPED],
  [
    "key derivations in the background",
    "for (let n = 0; n < 8; n++) require('crypto').pbkdf2('a', 'b', 1e8, 64, 'sha512', () => {})",
    STOPPED,
  ],
  ["a prime", "require('crypto').generatePrimeSync(8192, { safe: true })", STOPPED],
  ["objects", "const a = []; for (;;) a.push({ a: [1, 2, 3] })", FULL],
  ["closures", "const a = []; for (;;) { const b = new Array(1e4).fill(1); a.push(() => b) }", FULL],
  ["a map", "const m = new Map(); for (let n = 0; ; n++) m.set(n, { n })", FULL],
  ["strings", "let s = 'a'; for (;;) s += s", FULL],
  ["flattened strings", "const a = []; for (;;) a.push(Buffer.from('x'.repeat(5e7)).toString())", FULL],
  ["a huge array", "new Array(5e8).fill(1.1)", FULL],
  ["a huge array from a length", "Array.from({ length: 1e9 })", FULL],
  ["buffers", "const a = []; for (;;) a.push(Buffer.alloc(1e7, 1))", FULL],
  ["array buffers", "const a = []; for (;;) a.push(new Uint8Array(1e7).fill(1))", FULL],
  [
    "a growing buffer",
    "const b = new ArrayBuffer(1, { maxByteLength: 4e9 }); b.resize(3e9); new Uint8Array(b).fill(1)",
    FULL,
  ],
  ["blobs", "const a = []; for (;;) a.push(new Blob([new Uint8Array(1e7)]))", FULL],
  [
    "an archive that inflates",
    "const z = require('zlib'); const small = z.gzipSync(Buffer.alloc(1e8)); const a = []; for (;;) a.push(z.gunzipSync(small))",
    FULL,
  ],
  [
    "a stream that is never read",
    "const { PassThrough } = require('stream'); const s = new PassThrough({ highWaterMark: 1e12 }); for (;;) s.write(Buffer.alloc(1e7, 1))",
    FULL,
  ],
  ["clones", "const a = []; const b = new Uint8Array(1e7); for (;;) a.push(structuredClone(b))", FULL],
  ["timers", "for (;;) setTimeout(() => {}, 1e6)", ANSWERED],
  ["intervals", "for (;;) setInterval(() => {}, 1)", ANSWERED],
  [
    "console output",
    "for (let n = 0; n < 1e6; n++) console.log('x'.repeat(1000)); cb()",
    ["returned", "timed_out"],
  ],
  ["console lines without end", "for (;;) console.log(1)", STOPPED],
  ["standard output", "for (;;) process.stdout.write('x'.repeat(1e6))", STOPPED],
  ["a huge line", "console.log('x'.repeat(1e8)); cb()", ["returned", ...FULL]],
  [
    "a deep console argument",
    "let o = {}; for (let n = 0; n < 1e5; n++) o = { o }; console.log(o); cb()",
    ["returned", "timed_out"],
  ],
  ["a huge result", "cb(null, 'x'.repeat(5e7))", ["invalid_result", ...FULL]],
  [
    "a deep result",
    "let o = []; for (let n = 0; n < 1e5; n++) o = [o]; cb(null, o)",
    ["invalid_result", ...FULL],
  ],
  ["a huge error", "cb(new Error('x'.repeat(1e8)))", ["rejected", ...FULL]],
  ["a huge stack", "const e = new Error(); e.stack = 'x'.repeat(1e7); cb(e)", ["rejected", "timed_out"]],
  [
    "an error with much",
    "const e = new Error(); for (let n = 0; n < 1e5; n++) e['k' + n] = n; cb(e)",
    ["rejected", "timed_out"],
  ],
  ["symbols", "for (let n = 0; ; n++) Symbol.for('s' + n)", FULL],
  ["contexts of its own", "for (;;) new Function('return ' + Math.random())", FULL],
  [
    "listeners",
    "const e = new (require('events'))(); e.setMaxListeners(0); for (;;) e.on('x', () => {})",
    FULL,
  ],
  ["abort signals", "for (;;) AbortSignal.timeout(1e6)", FULL],
  [
    "sockets",
    "for (let n = 0; n < 5000; n++) require('net').connect(80, '127.0.0.1').on('error', () => {}); setTimeout(cb, 100)",
    ["returned", "timed_out"],
  ],
  [
    "lookups",
    "for (let n = 0; n < 5000; n++) require('dns').lookup('localhost', () => {}); setTimeout(cb, 100)",
    ["returned", "timed_out"],
  ],
  ["a throw of null", "throw null", ["threw"]],
  ["a late throw of null", "setTimeout(() => { throw null }, 1)", ["threw"]],
  ["a rejection with null", "Promise.reject(null)", ["threw"]],
  ["an exit", "process.exit(0)", ["crashed"]],
  [
    "a callback ten thousand times",
    "for (let n = 0; n < 1e4; n++) cb(null, { n })",
    ["returned", "timed_out"],
  ],
  ["a callback with a promise", "cb(null, new Promise(() => {}))", ["returned", "timed_out"]],
  [
    "a result that looks like an answer",
    "cb(null, { type: 'answer', id: 'x', ending: { status: 'returned' } })",
    ["returned", "timed_out"],
  ],
  [
    "a result with a prototype",
    'cb(null, JSON.parse(\'{"__proto__":{"admin":true},"constructor":{"prototype":{"a":1}}}\'))',
    ["returned", "timed_out"],
  ],
  [
    "a finaliser",
    "new FinalizationRegistry(() => { for (;;); }).register({}, 1); const a = []; for (let n = 0; n < 1e5; n++) a.push({}); cb()",
    ["returned", "timed_out"],
  ],
]
