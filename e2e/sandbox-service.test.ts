import { expect, onTestFinished, test } from "vitest"
import { startSandboxProcess } from "./sandbox-process.ts"
import { ownService } from "./service-test.ts"

async function serviceWithSandbox() {
  const sandbox = await startSandboxProcess()
  onTestFinished(sandbox.stop)
  const service = await ownService({ settings: { EXECUTOR_URL: sandbox.url } })
  return { sandbox, service }
}

test("a call goes through gateway, worker and sandbox service, and the hook sees none of them", async () => {
  const { sandbox, service } = await serviceWithSandbox()
  await service.api.createHook(
    "credentials-exchange",
    "cb(null, { scope: [...scope, 'seen', ...Object.keys(process.env)] })",
    { secrets: { KEY: "s3cret" } },
  )
  const event = { client: { id: "a" }, scope: ["read"], audience: "b", context: { id: "c" } }
  const { body } = await service.api.fire("credentials-exchange", { body: event })
  expect(body).toMatchObject({ status: "succeeded", result: { scope: ["read", "seen"] } })
  const users = (await sandbox.executors()).map((line) => Number.parseInt(line, 10))
  expect(users.length).toBeGreaterThanOrEqual(1)
  if (process.getuid?.() === 0) {
    expect(users.filter((uid) => uid < 30_000)).toEqual([])
    expect(new Set(users).size).toBe(users.length)
  }
})

test("when the sandbox service is killed, callers are told, asynchronous events run again, and no hook goes on", {
  timeout: 60_000,
}, async () => {
  const { sandbox, service } = await serviceWithSandbox()
  const { api } = service
  await api.createHook("credentials-exchange", "setTimeout(cb, 10_000)")
  await api.createHook("post-user-registration", "setTimeout(cb, 5_000)")
  const execution = await api.accept("post-user-registration")
  const call = api.fire("credentials-exchange")
  await expect.poll(sandbox.executors).toHaveLength(3)
  await expect.poll(() => api.get("/v1/queues/credentials-exchange")).toMatchObject({ active: 1 })

  sandbox.app.kill()
  // 503 when it had not begun.
  const { status, body } = await call
  expect([502, 503]).toContain(status)
  expect(body).toMatchObject({
    errorCode: expect.stringMatching(/^(executor_lost|no_executor)$/),
    message: expect.stringContaining("the sandbox service went away"),
  })
  expect(await api.fire("credentials-exchange")).toMatchObject({
    status: 503,
    body: { errorCode: "no_executor", message: expect.stringContaining("the sandbox service") },
  })
  await expect.poll(sandbox.executors).toEqual([])

  await sandbox.start()
  const { attempts } = await api.reached(execution, "succeeded", 30_000)
  expect(attempts).toMatchObject([{ attempt: 1, failure: null }])
  await api.createHook("credentials-exchange", "cb(null, { scope: ['back'] })")
  expect((await api.fire("credentials-exchange")).body).toMatchObject({ result: { scope: ["back"] } })
})

test("a killed worker leaves no executor in the sandbox service, which serves the next worker", {
  timeout: 60_000,
}, async () => {
  const { sandbox, service } = await serviceWithSandbox()
  const { api, workers } = service
  await api.createHook("post-user-registration", "for (;;);")
  await api.accept("post-user-registration")
  await expect.poll(() => api.get("/v1/queues/post-user-registration")).toMatchObject({ active: 1 })
  await expect.poll(sandbox.executors).toHaveLength(2)
  workers[0]?.kill()
  await expect.poll(sandbox.executors).toEqual([])

  await api.createHook("credentials-exchange", "cb(null, { scope: ['next'] })")
  await service.startWorker()
  expect((await api.fire("credentials-exchange")).body).toMatchObject({ result: { scope: ["next"] } })
})
