/** What a run leaves for the next one of its version: its name, and what it does after it has called back. */
export const LINGER: readonly (readonly [name: string, body: string])[] = [
  ["a timer", "setTimeout(() => console.log('late'), 20)"],
  ["an interval", "setInterval(() => console.log('late'), 5)"],
  ["a timer of Node's", "require('timers/promises').setTimeout(20).then(() => console.log('late'))"],
  ["an immediate", "const f = () => { console.log('late'); setImmediate(f) }; setImmediate(f)"],
  ["a throw", "setTimeout(() => { throw new Error('late') }, 20)"],
  ["a throw at once", "throw new Error('late')"],
  ["a throw in the next turn", "setImmediate(() => { throw new Error('late') })"],
  ["a rejection", "Promise.reject(new Error('late'))"],
  ["a rejection with null", "Promise.reject(null)"],
  ["a storm of microtasks", "const f = () => Promise.resolve().then(f); f()"],
  ["an endless loop", "setImmediate(() => { for (;;); })"],
  ["an abort signal", "AbortSignal.timeout(20).addEventListener('abort', () => console.log('late'))"],
  [
    "key derivations",
    "for (let n = 0; n < 4; n++) require('crypto').pbkdf2('a', 'b', 1e5, 64, 'sha512', () => console.log('late'))",
  ],
  [
    "a throw behind a key derivation",
    "require('crypto').pbkdf2('a', 'b', 1e5, 64, 'sha512', () => { throw new Error('late') })",
  ],
  [
    "a rejection behind one",
    "require('crypto').pbkdf2('a', 'b', 1e5, 64, 'sha512', () => Promise.reject(new Error('late')))",
  ],
  ["an exit behind one", "require('crypto').pbkdf2('a', 'b', 1e5, 64, 'sha512', () => process.exit(1))"],
  ["compression", "require('zlib').gzip(Buffer.alloc(3e7), () => console.log('late'))"],
  ["a request", "require('http').get('http://127.0.0.1:9/').on('error', () => console.log('late'))"],
  ["a fetch", "fetch('http://127.0.0.1:9/').catch(() => console.log('late'))"],
  [
    "a socket",
    "const s = require('net').connect(9, '127.0.0.1'); s.on('error', () => {}); s.on('close', () => setTimeout(() => console.log('late'), 1))",
  ],
  [
    "a stream",
    "const r = new (require('stream').Readable)({ read() { setImmediate(() => this.push('a')) } }); r.on('data', () => console.log('late'))",
  ],
  ["JSON", "JSON.stringify = () => '\"patched\"'; JSON.parse = () => ({})"],
  [
    "array methods",
    "Array.prototype.map = Array.prototype.push = Array.prototype.filter = () => { throw 1 }",
  ],
  ["promises", "Promise.prototype.then = () => { throw 1 }; Promise.resolve = () => { throw 1 }"],
  [
    "the prototype of everything",
    "Object.prototype.status = 'returned'; Object.prototype.toJSON = () => 'patched'",
  ],
  ["a frozen prototype", "Object.freeze(Object.prototype); Object.freeze(Array.prototype)"],
  [
    "the thread's own array",
    "const A = Object.getPrototypeOf(require('http').METHODS).constructor; A.prototype.push = A.prototype.map = () => { throw 1 }",
  ],
  ["the thread's own promise", "const P = fetch('data:,').constructor; P.prototype.then = () => { throw 1 }"],
  [
    "the thread's own map",
    "const M = Object.getPrototypeOf(new (require('url').URLSearchParams)().entries()); const F = setTimeout.constructor; F.prototype.call = F.prototype.apply = () => { throw 1 }",
  ],
  [
    "the thread's own Object",
    "const O = setTimeout.__proto__.__proto__.constructor; O.keys = O.entries = O.assign = () => { throw 1 }; O.prototype.kind = 'answer'",
  ],
  ["emitters", "require('events').prototype.emit = () => { throw 1 }"],
  ["streams", "require('stream').Readable.prototype.push = () => { throw 1 }"],
  [
    "buffers",
    "Buffer.from = Buffer.byteLength = () => { throw 1 }; Buffer.prototype.toString = () => 'patched'",
  ],
  ["util", "require('util').inspect = require('util').format = () => 'patched'"],
  ["http", "require('http').request = require('http').get = () => { throw 1 }"],
  ["crypto", "require('crypto').randomBytes = () => Buffer.alloc(16)"],
  [
    "the global object",
    "globalThis.setTimeout = globalThis.console = globalThis.Buffer = undefined; globalThis.polluted = 1",
  ],
  [
    "the events' target",
    "EventTarget.prototype.dispatchEvent = EventTarget.prototype.addEventListener = () => { throw 1 }",
  ],
  ["timers", "require('timers').setTimeout = () => { throw 1 }"],
]
