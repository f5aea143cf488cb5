/** A host, without the brackets of an IPv6 address, and its port. */
export interface HostAndPort {
  host: string
  port: number
}

interface Login {
  isTls: boolean
  username?: string
  password?: string
}

/** Sentinels say which server is the master of the group that they call `name`. */
export interface SentinelTarget extends Login {
  kind: "sentinel"
  sentinels: HostAndPort[]
  name: string
  db: number
  /** Of the sentinels themselves, where they want one. */
  sentinelUsername?: string
  sentinelPassword?: string
}

/** Any of the nodes tells where the others are. */
export interface ClusterTarget extends Login {
  kind: "cluster"
  nodes: HostAndPort[]
}

/** The way to Redis that REDIS_URL describes. */
export type RedisTarget = { kind: "server"; url: string } | SentinelTarget | ClusterTarget

const MANY = /^redis(s?)\+(sentinel|cluster):\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/
const HOST = /^(?:\[([\da-f:.]+)\]|([^\s:[\]]+))(?::(\d{1,5}))?$/i

const FORMS =
  "must be redis://, rediss:// or unix://, redis+sentinel://host,host/name, or redis+cluster://host,host " +
  "(rediss+… with TLS)"

/** @throws Error with a sentence that says what is wrong, without repeating what may hold a password */
export function parseRedisUrl(text: string): RedisTarget {
  if (/^(rediss?|unix):\/\//.test(text) && URL.canParse(text)) return { kind: "server", url: text }
  const [, tls, kind, login, hosts = "", path = "", query = ""] = MANY.exec(text) ?? []
  if (kind === undefined) throw new Error(FORMS)
  const common = { isTls: tls !== "", ...parseLogin(login) }
  return kind === "sentinel"
    ? {
        kind,
        ...common,
        sentinels: parseHosts(hosts, 26_379),
        ...parsePlace(path),
        ...parseSentinelLogin(query),
      }
    : { kind: "cluster", ...common, nodes: parseHosts(hosts, 6_379), ...refuseRest(path, query) }
}

/** Where REDIS_URL leads, for messages: without user, password and options. */
export function describeRedis(url: string): string {
  const target = parseRedisUrl(url)
  if (target.kind === "sentinel") return `${hostsOf(target.sentinels)} (sentinels of ${target.name})`
  if (target.kind === "cluster") return `${hostsOf(target.nodes)} (cluster)`
  const { host, pathname, protocol } = new URL(target.url)
  return protocol === "unix:" ? pathname : host || "localhost:6379"
}

function hostsOf(hosts: readonly HostAndPort[]): string {
  return hosts.map(({ host, port }) => `${host.includes(":") ? `[${host}]` : host}:${port}`).join(", ")
}

function parseHosts(text: string, defaultPort: number): HostAndPort[] {
  return text.split(",").map((one, index) => {
    const [, ipv6, host = ipv6, port = defaultPort] = HOST.exec(one) ?? []
    if (host === undefined || Number(port) > 65_535)
      throw new Error(`has hosts separated by commas, and number ${index + 1} of them is no host:port`)
    return { host, port: Number(port) }
  })
}

function parseLogin(text: string | undefined): Pick<Login, "username" | "password"> {
  if (!text) return {}
  const [, username = "", password] = /^([^:]*):(.*)$/.exec(text) ?? []
  if (password === undefined) throw new Error("has the password after a colon: redis+…://:password@host")
  return { ...(username && { username: decode(username) }), password: decode(password) }
}

/** `name` or `name/2`. */
function parsePlace(path: string): Pick<SentinelTarget, "name" | "db"> {
  const [, name, db = "0"] = /^([^/]+)(?:\/(\d{1,4}))?\/?$/.exec(path) ?? []
  if (name === undefined)
    throw new Error(
      "needs the name that the sentinels give the master, as in redis+sentinel://host,host/mymaster",
    )
  return { name: decode(name), db: Number(db) }
}

function parseSentinelLogin(query: string): Pick<SentinelTarget, "sentinelUsername" | "sentinelPassword"> {
  const {
    sentinel_username: username,
    sentinel_password: password,
    ...others
  } = Object.fromEntries(new URLSearchParams(query))
  const [strange] = Object.keys(others)
  if (strange !== undefined)
    throw new Error(`may say sentinel_username and sentinel_password after the ?, and not ${strange}`)
  return {
    ...(username !== undefined && { sentinelUsername: username }),
    ...(password !== undefined && { sentinelPassword: password }),
  }
}

function refuseRest(path: string, query: string): object {
  if (path !== "" || query !== "")
    throw new Error("has nothing after the hosts of a cluster: it has one database")
  return {}
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw new Error("has a % that begins no escape: write it as %25")
  }
}
