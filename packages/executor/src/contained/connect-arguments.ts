/** Where to connect to. */
export interface ConnectOptions {
  host: string
  port: number
  /** Of a local socket. */
  path?: string
}

/** The arguments of `net.connect` or `tls.connect`, in any of their forms, as one. */
export interface ConnectArguments {
  to: ConnectOptions
  /** All options that were given. */
  options: Record<string, unknown>
  listener: (() => void) | undefined
}

export function readConnectArguments(given: readonly unknown[]): ConnectArguments {
  // `http` passes its own arguments on as they came, in an array.
  const args = Array.isArray(given[0]) ? given[0] : given
  const options: Record<string, unknown> = {}
  const [first, second] = args
  if (typeof first === "string" && !isPort(first)) options["path"] = first
  else if (typeof first !== "object") options["port"] = first
  if (typeof second === "string") options["host"] = second
  for (const one of args) {
    if (typeof one === "object" && one !== null) Object.assign(options, one)
  }
  const { host, port, path } = options
  return {
    to: {
      host: String(host ?? "localhost"),
      port: typeof port === "string" && isPort(port) ? Number(port) : asNumber(port),
      ...(path !== undefined && path !== null && { path: String(path) }),
    },
    options,
    listener: args.findLast(isListener),
  }
}

function isPort(text: string): boolean {
  return /^\s*\d+\s*$/.test(text)
}

function asNumber(value: unknown): number {
  return typeof value === "number" ? value : Number.NaN
}

function isListener(value: unknown): value is () => void {
  return typeof value === "function"
}
