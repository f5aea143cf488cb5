import { gzipSync } from "node:zlib"
import { beforeAll, describe, expect, test } from "vitest"
import { type FakeServer, type Heard, startFakeServer } from "./fake-server.ts"
import { type LibraryHook, openHook } from "./open-hook.ts"

/** Old majors are what hooks were written with. */
const OLD = {
  axios: "0.21.4",
  got: "11.8.6",
  "node-fetch": "2.7.0",
  request: "2.88.2",
  "request-promise": "4.2.6",
  superagent: "5.3.1",
}
const NEW = { axios: "1.21.1", got: "16.1.0", ky: "2.1.0", "node-fetch": "3.3.2", superagent: "10.4.2" }

let server: FakeServer

beforeAll(async () => {
  server = await startFakeServer(answerTo)
  return server.close
})

function answerTo({ method, url, headers, body }: Heard) {
  const heard = { method, url, type: headers["content-type"]?.split(";")[0], body }
  if (url === "/moved") return { status: 302, headers: { location: "/arrived" }, body: "" }
  if (url === "/failing") return { status: 503, body: { error: "later" } }
  if (url !== "/zipped") return { body: heard }
  const headersOfZip = { "content-type": "application/json", "content-encoding": "gzip" }
  return { headers: headersOfZip, body: gzipSync(JSON.stringify(heard)) }
}

/** Each posts JSON, follows a redirect, unzips, and tells the status of a failure. */
const RESULT = {
  posted: { method: "POST", url: "/posted", type: "application/json", body: '{"a":1}' },
  arrived: "/arrived",
  zipped: "/zipped",
  failed: 503,
}

const AXIOS = `
  const axios = require("axios")
  const url = (path) => secrets.URL + path
  const posted = (await axios.post(url("/posted"), { a: 1 })).data
  const arrived = (await axios.get(url("/moved"))).data.url
  const zipped = (await axios({ url: url("/zipped") })).data.url
  const failed = await axios.get(url("/failing")).catch((error) => error.response.status)
  return { posted, arrived, zipped, failed }`

const GOT = `
  const url = (path) => secrets.URL + path
  const posted = await got.post(url("/posted"), { json: { a: 1 } }).json()
  const arrived = (await got(url("/moved")).json()).url
  const zipped = (await got(url("/zipped"), { responseType: "json" })).body.url
  const failed = await got(url("/failing"), { retry: { limit: 0 } }).catch((error) => error.response.statusCode)
  return { posted, arrived, zipped, failed }`

const FETCH = `
  const url = (path) => secrets.URL + path
  const options = { method: "POST", body: '{"a":1}', headers: { "content-type": "application/json" } }
  const posted = await (await fetch(url("/posted"), options)).json()
  const arrived = (await (await fetch(url("/moved"))).json()).url
  const zipped = (await (await fetch(url("/zipped"))).json()).url
  const failed = (await fetch(url("/failing"))).status
  return { posted, arrived, zipped, failed }`

const SUPERAGENT = `
  const superagent = require("superagent")
  const url = (path) => secrets.URL + path
  const posted = (await superagent.post(url("/posted")).send({ a: 1 })).body
  const arrived = (await superagent.get(url("/moved"))).body.url
  const zipped = (await superagent.get(url("/zipped"))).body.url
  const failed = await superagent.get(url("/failing")).catch((error) => error.status)
  return { posted, arrived, zipped, failed }`

const REQUEST = `
  const request = require("request")
  const ask = (options) => new Promise((resolve, reject) =>
    request(options, (error, response, body) => error ? reject(error) : resolve({ response, body })))
  const url = (path) => secrets.URL + path
  const posted = (await ask({ method: "POST", url: url("/posted"), json: { a: 1 } })).body
  const arrived = (await ask({ url: url("/moved"), json: true })).body.url
  const zipped = (await ask({ url: url("/zipped"), json: true, gzip: true })).body.url
  const failed = (await ask(url("/failing"))).response.statusCode
  return { posted, arrived, zipped, failed }`

const REQUEST_PROMISE = `
  const rp = require("request-promise")
  const url = (path) => secrets.URL + path
  const posted = await rp({ method: "POST", uri: url("/posted"), body: { a: 1 }, json: true })
  const arrived = JSON.parse(await rp(url("/moved"))).url
  const zipped = (await rp.get({ uri: url("/zipped"), json: true, gzip: true })).url
  const failed = await rp(url("/failing")).catch((error) => error.statusCode)
  return { posted, arrived, zipped, failed }`

const KY = `
  const ky = require("ky").default
  const url = (path) => secrets.URL + path
  const posted = await ky.post(url("/posted"), { json: { a: 1 } }).json()
  const arrived = (await ky(url("/moved")).json()).url
  const zipped = (await ky.get(url("/zipped")).json()).url
  const failed = await ky(url("/failing"), { retry: 0 }).catch((error) => error.response.status)
  return { posted, arrived, zipped, failed }`

function onEach(dependencies: Record<string, string>, bodies: [name: string, body: string][]): void {
  let hook: LibraryHook
  beforeAll(async () => {
    hook = await openHook({ dependencies, ports: [server.port] })
    return hook.close
  })
  test.each(bodies)("%s", async (_, body) => {
    expect(await hook.run(body, { URL: server.url })).toEqual(RESULT)
  })
}

describe("of the time of Auth0's hooks:", () => {
  onEach(OLD, [
    ["axios 0", AXIOS],
    ["got 11", `const got = require("got")${GOT}`],
    ["node-fetch 2", `const fetch = require("node-fetch")${FETCH}`],
    ["request", REQUEST],
    ["request-promise", REQUEST_PROMISE],
    ["superagent 5", SUPERAGENT],
  ])
})

describe("of today:", () => {
  onEach(NEW, [
    ["axios 1", AXIOS],
    ["got 16", `const got = require("got").default${GOT}`],
    ["ky", KY],
    ["node-fetch 3", `const fetch = require("node-fetch").default${FETCH}`],
    ["superagent 10", SUPERAGENT],
    ["Node's own fetch", FETCH],
  ])
})
