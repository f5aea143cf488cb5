import type { Attack } from "./attack.ts"

const SPELLINGS = [
  "127.0.0.1",
  "localhost",
  "127.1",
  "127.0.1",
  "0x7f000001",
  "0x7f.1",
  "2130706433",
  "017700000001",
  "0",
  "0.0.0.0",
  "①②⑦.⓪.⓪.①",
  "127。0。0。1",
  "[::1]",
  "::1",
  "[::]",
  "[::ffff:127.0.0.1]",
  "[::ffff:7f00:1]",
  "[0:0:0:0:0:0:0:1]",
  "LOCALHOST",
  "localhost.",
  "[fe80::1%25lo]",
]

const PRIVATE = [
  "10.0.0.1",
  "172.16.0.1",
  "192.168.0.1",
  "169.254.169.254",
  "100.64.0.1",
  "[fd00::1]",
  "[64:ff9b::7f00:1]",
  "[2002:7f00:1::]",
  "224.0.0.1",
  "255.255.255.255",
]

const got = (call: string) => `return await new Promise((resolve, reject) => { ${call} })`

const spelled: Attack[] = SPELLINGS.flatMap((host) => [
  [
    `fetch http://${host}`,
    `return (await fetch("http://${host}:PORT/", { signal: AbortSignal.timeout(2000) })).status`,
  ],
  [
    `connect to ${host}`,
    got(
      `require("net").connect(PORT, ${JSON.stringify(host.replace(/^\[(.*)\]$/, "$1"))}, resolve).on("error", reject)`,
    ),
  ],
])

const ranges: Attack[] = PRIVATE.map((host) => [
  `a private address: ${host}`,
  `return (await fetch("http://${host}/", { signal: AbortSignal.timeout(2000) })).status`,
])

/** Ways to this machine and its neighbours over the network. Only public addresses are allowed. */
export const CONNECT: Attack[] = [
  ...spelled,
  ...ranges,
  ["http.get", got(`require("http").get("http://127.0.0.1:PORT/", resolve).on("error", reject)`)],
  ["https.get", got(`require("https").get("https://127.0.0.1:PORT/", resolve).on("error", reject)`)],
  [
    "tls.connect",
    got(
      `require("tls").connect({ port: PORT, host: "127.0.0.1", rejectUnauthorized: false }, resolve).on("error", reject)`,
    ),
  ],
  [
    "a lookup of its own",
    got(
      `require("http").get({ host: "example.com", port: PORT, lookup: (h, o, cb) => o.all ? cb(null, [{ address: "127.0.0.1", family: 4 }]) : cb(null, "127.0.0.1", 4) }, resolve).on("error", reject); setTimeout(reject, 1500, new Error("nothing"))`,
    ),
  ],
  [
    "an agent of its own",
    got(
      `const http = require("http"); const agent = new http.Agent({ host: "127.0.0.1" }); http.get({ host: "127.0.0.1", port: PORT, agent }, resolve).on("error", reject)`,
    ),
  ],
  [
    "an agent with its own connection",
    got(
      `const http = require("http"); http.get({ createConnection: () => require("net").connect({ port: PORT, host: "127.0.0.1" }) }, resolve).on("error", reject)`,
    ),
  ],
  [
    "no agent",
    got(`require("http").get({ host: "127.0.0.1", port: PORT, agent: false }, resolve).on("error", reject)`),
  ],
  [
    "a unix socket by http",
    got(
      `require("http").get({ socketPath: "/var/run/docker.sock", path: "/" }, resolve).on("error", reject)`,
    ),
  ],
  [
    "a unix socket by net",
    got(`require("net").connect("/var/run/docker.sock", resolve).on("error", reject)`),
  ],
  [
    "a unix socket by options",
    got(`require("net").connect({ path: "/var/run/docker.sock" }, resolve).on("error", reject)`),
  ],
  [
    "a unix socket by tls",
    got(`require("tls").connect({ path: "/var/run/docker.sock" }, resolve).on("error", reject)`),
  ],
  ["an abstract unix socket", got(`require("net").connect("\\0name", resolve).on("error", reject)`)],
  [
    "a socket that is connected later",
    got(`new (require("net").Socket)().connect(PORT, "127.0.0.1", resolve).on("error", reject)`),
  ],
  [
    "the connect of the real socket",
    got(
      `const tls = require("tls"); const t = Object.create(tls.TLSSocket.prototype); resolve(Object.getPrototypeOf(tls.TLSSocket.prototype).connect.call(t, PORT, "127.0.0.1"))`,
    ),
  ],
  [
    "a TLS socket without a stream",
    got(
      `const t = new (require("tls").TLSSocket)(); t.on("error", reject); t.connect(PORT, "127.0.0.1", resolve)`,
    ),
  ],
  ["a server", got(`require("http").createServer().listen(0, resolve).on("error", reject)`)],
  [
    "a server by the prototype",
    got(
      `const { Server } = require("http"); const net = Object.getPrototypeOf(Server.prototype); net._listen2.call(new Server(), "0.0.0.0", 0, 4); resolve(1)`,
    ),
  ],
  ["a net server", got(`require("net").createServer().listen(0, resolve).on("error", reject)`)],
  ["a bound socket", got(`resolve(new (require("net").BoundSocket)({ port: 0 }))`)],
  ["UDP", got(`resolve(require("dgram").createSocket("udp4").send("a", PORT, "127.0.0.1"))`)],
  [
    "DNS servers of its own",
    got(
      `const dns = require("dns"); dns.setServers(["127.0.0.1:PORT"]); dns.resolve4("a.example", (e, r) => e ? reject(e) : resolve(r))`,
    ),
  ],
  [
    "a DNS resolver",
    got(
      `const r = new (require("dns").Resolver)(); r.resolve4("a.example", (e, v) => e ? reject(e) : resolve(v))`,
    ),
  ],
  ["DNS by promise", `return await require("dns/promises").resolveTxt("example.com")`],
  ["a lookup of a private name", `return (await require("dns").promises.lookup("localhost")).address`],
  ["HTTP/2", got(`resolve(require("http2").connect("http://127.0.0.1:PORT"))`)],
  ["WebSocket", `return new WebSocket("ws://127.0.0.1:PORT")`],
  ["EventSource", `return new EventSource("http://127.0.0.1:PORT")`],
  ["mail between servers", got(`require("net").connect(25, "192.0.43.8", resolve).on("error", reject)`)],
  ["a port that is none", got(`require("net").connect(NaN, "127.0.0.1", resolve).on("error", reject)`)],
  ["a port out of range", got(`require("net").connect(70000, "127.0.0.1", resolve).on("error", reject)`)],
  [
    "a host that is none",
    got(`require("net").connect(PORT, { toString: () => "127.0.0.1" }, resolve).on("error", reject)`),
  ],
  ["a host that is long", got(`require("net").connect(PORT, "a".repeat(1e5), resolve).on("error", reject)`)],
  [
    "a fetch dispatcher",
    `const d = globalThis[Symbol.for("undici.globalDispatcher.1")]; return d && (await fetch("http://127.0.0.1:PORT/", { dispatcher: d })).status`,
  ],
  [
    "a proxy of its own",
    `process.env.HTTP_PROXY = "http://127.0.0.1:PORT"; process.env.NODE_USE_ENV_PROXY = "1"; return (await fetch("http://127.0.0.1:PORT/")).status`,
  ],
  [
    "many sockets",
    `let open = 0; await Promise.all(Array.from({ length: 300 }, () => new Promise((done) => require("net").connect(PORT, "127.0.0.1", () => { open++; done() }).on("error", done)))); return open || undefined`,
  ],
]
