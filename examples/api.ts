import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { oneLine } from "@hooklane/core"

/** A service, called with the first client's credentials. Every call throws when it is refused, saying why. */
export interface Api {
  url: string
  get<Answer>(path: string): Promise<Answer>
  post<Answer>(path: string, body?: unknown): Promise<Answer>
  delete(path: string): Promise<void>
}

interface Credentials {
  url: string
  clientId: string
  clientSecret: string
}

/** Signs in to the service whose data folder HOOKLANE_DATA_DIR names (./data). */
export async function connect(): Promise<Api> {
  const { url, clientId, clientSecret } = await readCredentials()
  const { access_token: token } = await call<{ access_token: string }>(`${url}/oauth/token`, "POST", {
    grant_type: "client_credentials",
    client_id: clientId,
    client_secret: clientSecret,
  })
  return {
    url,
    get: (path) => call(url + path, "GET", undefined, token),
    post: (path, body) => call(url + path, "POST", body, token),
    delete: async (path) => void (await send(url + path, "DELETE", undefined, token)),
  }
}

async function readCredentials(): Promise<Credentials> {
  const path = join(process.env.HOOKLANE_DATA_DIR ?? "data", "credentials.json")
  try {
    return JSON.parse(await readFile(path, "utf8"))
  } catch (cause) {
    throw new Error(`${path} cannot be read: start the service first (npm start), then try again`, { cause })
  }
}

async function call<Answer>(...request: Parameters<typeof send>): Promise<Answer> {
  return JSON.parse(await send(...request))
}

async function send(url: string, method: string, body?: unknown, token?: string): Promise<string> {
  const response = await fetch(url, {
    method,
    headers: {
      ...(token && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(oneLine(`${method} ${url}: ${response.status} ${text}`))
  return text
}
