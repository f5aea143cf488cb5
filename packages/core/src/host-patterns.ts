/** `host` in lower case; with `*.` in front any name below it, `*` alone any name. Any port when there is none. */
export interface HostPattern {
  host: string
  port?: number
}

const PATTERN = /^(?<host>\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*|\[[0-9a-f:.]+\])(?::(?<port>\d{1,5}))?$/i

/**
 * Hosts as settings name them: `api.example.com`, `*.example.com:8443`, `[::1]:80`, separated by commas.
 * @throws SyntaxError that names the one which is wrong
 */
export function parseHostPatterns(text: string): HostPattern[] {
  return text
    .split(",")
    .map((one) => one.trim())
    .filter(Boolean)
    .map(parsePattern)
}

function parsePattern(text: string): HostPattern {
  const { host, port } = PATTERN.exec(text)?.groups ?? {}
  if (!host || (port !== undefined && !(Number(port) >= 1 && Number(port) <= 65_535))) {
    throw new SyntaxError(`"${text}" is not a host, or a host and a port`)
  }
  const name = host.toLowerCase().replace(/^\[(.*)\]$/, "$1")
  return port === undefined ? { host: name } : { host: name, port: Number(port) }
}
