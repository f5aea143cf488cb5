/** Names by which old packages ask for a part of a module: the module, and which of its members. */
const ALIASES: Readonly<Record<string, readonly [module: string, members: readonly string[]]>> = {
  _http_agent: ["http", ["Agent", "globalAgent"]],
  _http_client: ["http", ["ClientRequest"]],
  _http_common: ["http", ["METHODS"]],
  _http_incoming: ["http", ["IncomingMessage"]],
  _http_outgoing: ["http", ["OutgoingMessage", "validateHeaderName", "validateHeaderValue"]],
  _http_server: ["http", ["STATUS_CODES", "Server", "ServerResponse"]],
  _tls_common: ["tls", ["createSecureContext", "SecureContext"]],
  _tls_wrap: ["tls", ["TLSSocket", "Server", "createServer", "connect"]],
}

const STREAMS: Readonly<Record<string, string>> = {
  _stream_duplex: "Duplex",
  _stream_passthrough: "PassThrough",
  _stream_readable: "Readable",
  _stream_transform: "Transform",
  _stream_writable: "Writable",
}

/** @param find the hook's own modules, by name; undefined when the name is no alias */
export function findAlias(name: string, find: (module: string) => unknown): unknown {
  const { [name]: stream } = STREAMS
  if (stream !== undefined && Object.hasOwn(STREAMS, name)) return Reflect.get(Object(find("stream")), stream)
  const [module, members] = (Object.hasOwn(ALIASES, name) && ALIASES[name]) || []
  if (module === undefined || members === undefined) return undefined
  const found = Object(find(module))
  return Object.fromEntries(members.map((member) => [member, Reflect.get(found, member)]))
}
