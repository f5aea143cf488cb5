import { type Config, parseConfig, type TriggerId } from "@hooklane/core"
import { createKeyRing, generateMasterKey } from "@hooklane/core/keyring"
import { createClient, openStorage, restartBuild } from "@hooklane/storage"
import { pino } from "pino"
import { onTestFinished } from "vitest"
import { createAccessTokens } from "../src/access-tokens.ts"
import { type AppDeps, createApp } from "../src/app.ts"
import { SCOPES, type Scope } from "../src/scopes.ts"
import { withoutRedis } from "./without-redis.ts"

export interface OpenAppOptions {
  settings?: Partial<Config>
  scopes?: readonly Scope[]
  now?: () => number
  /** Stand in for what needs Redis. */
  parts?: Partial<AppDeps>
}

export interface CallOptions {
  headers?: Record<string, string>
  /** Sent as JSON, or as it is when it is text. */
  body?: unknown
  token?: string
}

interface LoginOptions {
  address?: string
  headers?: Record<string, string>
}

/** An app on a database in memory, with a client that holds `scopes` and calls that carry its token. */
export async function openApp({
  settings = {},
  scopes = SCOPES,
  now = Date.now,
  parts = {},
}: OpenAppOptions = {}) {
  const keyRing = createKeyRing(generateMasterKey())
  const storage = await openStorage({ databaseUrl: ":memory:", keyRing })
  onTestFinished(() => storage.close())
  const config = { ...parseConfig({}), rateLimitBurst: 0, ...settings }
  const changedTriggers: TriggerId[] = []
  const logged: Record<string, unknown>[] = []
  const app = createApp({
    ...withoutRedis(),
    config,
    storage,
    keyRing,
    log: pino({}, { write: (line: string) => logged.push(JSON.parse(line)) }),
    hookSaved: async ({ triggerId }) => {
      changedTriggers.push(triggerId)
    },
    hookDeleted: async ({ triggerId }) => {
      changedTriggers.push(triggerId)
    },
    retryBuild: async (id, number) => void (await restartBuild(storage, id, number)),
    now,
    ...parts,
  })
  const { client, secret } = await createClient(storage, { name: "Test", scopes: [...scopes] })
  const accessTokens = createAccessTokens({ config, storage, now })

  /** A token of the client, with these scopes only when they are given. */
  function tokenWith(granted: readonly string[] = scopes): Promise<string> {
    return accessTokens.issue({
      clientId: client.id,
      scopes: granted,
      issuer: "https://hooks.example.com/",
      audience: "https://hooks.example.com/api/v2/",
    })
  }

  const token = await tokenWith()

  async function call(method: string, path: string, { headers, body, ...options }: CallOptions = {}) {
    const text = typeof body === "string" || body === undefined ? body : JSON.stringify(body)
    const response = await app.request(path, {
      method,
      headers: {
        authorization: `Bearer ${options.token ?? token}`,
        ...(text !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      ...(text !== undefined && { body: text }),
    })
    return answerOf(response)
  }

  /** Asks for a token, as the client unless the request says otherwise, over a connection from `address`. */
  async function login(request: Record<string, unknown> = {}, { address, headers }: LoginOptions = {}) {
    const body = {
      grant_type: "client_credentials",
      client_id: client.id,
      client_secret: secret,
      ...request,
    }
    const init = {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    }
    const connection = { incoming: { socket: { remoteAddress: address } } }
    const response = await app.request("https://hooks.example.com:8443/oauth/token", init, connection)
    return answerOf(response)
  }

  return { app, storage, config, call, login, client, secret, token, tokenWith, changedTriggers, logged }
}

/** An answer with its body as text, so that the order of its keys can be told. */
export async function answerOf(response: Response) {
  const text = await response.text()
  return {
    status: response.status,
    headers: response.headers,
    text,
    json: () => JSON.parse(text),
  }
}

export const SCRIPT = "module.exports = (user, context, cb) => cb()"

export function newHook(changes: Record<string, unknown> = {}) {
  return { name: "my-hook", script: SCRIPT, triggerId: "pre-user-registration", ...changes }
}
