import { createServer } from "node:net"
import { beforeAll, describe, expect, test } from "vitest"
import { issueCertificate } from "../../scripts/tls/certificate.ts"
import { type Answer, type FakeServer, type Heard, listen, startFakeServer } from "./fake-server.ts"
import { type HookOptions, type LibraryHook, openHook } from "./open-hook.ts"

/** A hook for the tests of a `describe`, and a fake of the service that it calls. */
function hookFor(
  answer: (heard: Heard) => Answer,
  options: Pick<HookOptions, "dependencies" | "specifiers">,
  certificate?: ReturnType<typeof issueCertificate>,
) {
  let server: FakeServer
  let hook: LibraryHook
  beforeAll(async () => {
    server = await startFakeServer(answer, certificate)
    const authorities = certificate ? [certificate.certificate] : []
    hook = await openHook({ ...options, ports: [server.port], authorities })
    return async () => {
      await hook.close()
      await server.close()
    }
  })
  return {
    run: (body: string) => hook.run(body, { URL: server.url, DOMAIN: `localhost:${server.port}` }),
    heard: () => server.heard.splice(0),
  }
}

describe("auth0", () => {
  const user = { user_id: "auth0|1", email: "ann@example.com" }
  const { run, heard } = hookFor(
    ({ url }) => ({ body: url === "/oauth/token" ? { access_token: "a-token", expires_in: 86_400 } : user }),
    { dependencies: { auth0: "7.1.0" }, specifiers: ["auth0@2.44.1", "auth0@4.37.1"] },
    issueCertificate(),
  )
  const CLIENT = '{ domain: secrets.DOMAIN, clientId: "id", clientSecret: "secret" }'

  test.each([
    ["2", "auth0@2.44.1", 'management.getUser({ id: "auth0|1" })'],
    ["4", "auth0@4.37.1", 'management.users.get({ id: "auth0|1" }).then(({ data }) => data)'],
    ["7", "auth0", 'management.users.get("auth0|1")'],
  ])("%s logs in and reads a user, from a service that the deployment vouches for", async (_, name, call) => {
    const body = `
      const { ManagementClient } = require("${name}")
      const management = new ManagementClient(${CLIENT})
      const { user_id, email } = await ${call}
      return { user_id, email }`
    expect(await run(body)).toEqual(user)
    expect(heard()).toMatchObject([
      { method: "POST", url: "/oauth/token" },
      { url: "/api/v2/users/auth0%7C1", headers: { authorization: "Bearer a-token" } },
    ])
  })
})

describe("the AWS SDK", () => {
  const item = { Item: { id: { S: "1" }, logins: { N: "3" } } }
  const published =
    "<PublishResponse><PublishResult><MessageId>m1</MessageId></PublishResult></PublishResponse>"
  const { run, heard } = hookFor(({ headers }) => ({ body: headers["x-amz-target"] ? item : published }), {
    dependencies: {
      "@aws-sdk/client-dynamodb": "3.1162.0",
      "@aws-sdk/client-sns": "3.1162.0",
      "@aws-sdk/lib-dynamodb": "3.1162.0",
    },
  })
  const OPTIONS =
    '{ region: "eu-west-1", endpoint: secrets.URL, credentials: { accessKeyId: "AKID", secretAccessKey: "key" } }'

  test("reads from DynamoDB, with a signed request", async () => {
    const body = `
      const { DynamoDBClient } = require("@aws-sdk/client-dynamodb")
      const { DynamoDBDocumentClient, GetCommand } = require("@aws-sdk/lib-dynamodb")
      const db = DynamoDBDocumentClient.from(new DynamoDBClient(${OPTIONS}))
      return (await db.send(new GetCommand({ TableName: "users", Key: { id: "1" } }))).Item`
    expect(await run(body)).toEqual({ id: "1", logins: 3 })
    expect(heard()).toMatchObject([
      {
        headers: { authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 Credential=AKID/) },
        body: '{"TableName":"users","Key":{"id":{"S":"1"}}}',
      },
    ])
  })

  test("sends a text message with SNS", async () => {
    const body = `
      const { SNSClient, PublishCommand } = require("@aws-sdk/client-sns")
      const message = new PublishCommand({ PhoneNumber: "+12025550123", Message: "Hi" })
      return (await new SNSClient(${OPTIONS}).send(message)).MessageId`
    expect(await run(body)).toBe("m1")
    expect(heard()).toMatchObject([{ body: expect.stringContaining("PhoneNumber=%2B12025550123") }])
  })
})

describe("twilio", () => {
  const { run, heard } = hookFor(() => ({ status: 201, body: { sid: "SM1", status: "queued" } }), {
    dependencies: { twilio: "6.2.0" },
  })

  test("sends a text message", async () => {
    const account = `AC${"0".repeat(32)}`
    const body = `
      const twilio = require("twilio")("${account}", "token")
      twilio.api.baseUrl = secrets.URL
      const { sid, status } = await twilio.messages.create({ to: "+12025550123", from: "+12025550100", body: "Hi" })
      return [sid, status]`
    expect(await run(body)).toEqual(["SM1", "queued"])
    expect(heard()).toMatchObject([
      {
        url: `/2010-04-01/Accounts/${account}/Messages.json`,
        headers: { authorization: `Basic ${Buffer.from(`${account}:token`).toString("base64")}` },
        body: "To=%2B12025550123&From=%2B12025550100&Body=Hi",
      },
    ])
  })
})

test("nodemailer hands a mail to a server", async () => {
  const { port, lines, close } = await startMailServer()
  await using resources = new AsyncDisposableStack()
  resources.defer(close)
  const hook = await openHook({ dependencies: { nodemailer: "10.6.0" }, ports: [port] })
  resources.defer(hook.close)
  const body = `
    const nodemailer = require("nodemailer")
    const transport = nodemailer.createTransport({ host: "127.0.0.1", port: Number(secrets.PORT) })
    const mail = { from: "a@example.com", to: "b@example.com", subject: "Hello", text: "Hi" }
    return (await transport.sendMail(mail)).accepted`
  expect(await hook.run(body, { PORT: String(port) })).toEqual(["b@example.com"])
  expect(lines).toEqual(expect.arrayContaining(["RCPT TO:<b@example.com>", "Subject: Hello", "Hi"]))
})

/** Takes whatever mail it is given. */
async function startMailServer() {
  const lines: string[] = []
  const server = createServer((socket) => {
    let isContent = false
    socket.write("220 ready\r\n")
    socket.setEncoding("utf8").on("data", (text: string) => {
      for (const line of text.split("\r\n").filter(Boolean)) {
        lines.push(line)
        if (isContent && line !== ".") continue
        isContent = line === "DATA"
        socket.write(isContent ? "354 go on\r\n" : "250 OK\r\n")
      }
    })
  })
  return { port: await listen(server), lines, close: () => void server.close() }
}
