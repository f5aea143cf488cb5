import { expect } from "vitest"
import { type EventAnswer, scriptOf } from "./api.ts"
import type { Service } from "./service.ts"
import { testWithService } from "./service-test.ts"

const SYNC_TIMEOUT_MS = 1_500

const breaker = { "pre-user-registration": { minCalls: 3, openMs: 1_000, probes: 1 } }

const test = testWithService({
  settings: {
    HOOKLANE_SYNC_TIMEOUT_MS: String(SYNC_TIMEOUT_MS),
    HOOKLANE_BREAKER: JSON.stringify(breaker),
  },
})

type Trigger = "credentials-exchange" | "pre-user-registration"

interface Circuit {
  state: string
  failures: number
  probeAt: string | null
}

/** Puts a hook in charge whose script begins with these directives and whose function has `code` as its body. */
async function say({ api }: Service, triggerId: Trigger, { directives, code }: Record<string, string>) {
  const { id } = await api.createHook(triggerId, "cb()")
  const change = (body = "") =>
    api.patch(`/api/v2/hooks/${id}`, {
      script: `// hooklane: ${directives}\n${scriptOf(triggerId, body)}`,
    })
  await change(code)
  return { id, change }
}

const policyOf = ({ body }: { body: EventAnswer & { policy?: object } }) => body.policy

test.for([
  ["throws", "throw new Error('oops')", "threw"],
  ["does not answer", "", "timed_out"],
  [
    "takes its process down",
    "const all = []; for (;;) all.push(new Array(1e6).fill(all.length))",
    "out_of_memory",
  ],
])("an event passes though its hook %s, when it fails open", async ([, code = "", failure], { service }) => {
  const { api } = service
  await say(service, "credentials-exchange", { directives: "on-failure=open circuit=off", code })
  const answer = await api.fire("credentials-exchange")
  expect(answer).toMatchObject({ status: 200, body: { status: "skipped" } })
  expect(policyOf(answer)).toMatchObject({ onFailure: "open", failure })
  const { executionId } = answer.body
  await api.reached(executionId, "failed")
  await expect
    .poll(() => api.get(`/v1/executions/${executionId}`))
    .toMatchObject({ failure, answeredBy: "open", attempts: [{ failure }] })
})

test("a hook that says no is obeyed, whatever it says of its failures", async ({ service }) => {
  const code = "cb(new InvalidScopeError('no'))"
  await say(service, "credentials-exchange", { directives: "on-failure=open", code })
  expect(await service.api.fire("credentials-exchange")).toMatchObject({
    status: 200,
    body: { status: "failed", response: { statusCode: 400 } },
  })
})

test("a hook that fails too often is left alone, answered for, and tried again", async ({ service }) => {
  const { api } = service
  const directives = 'fallback={"user": {"app_metadata": {"checked": false}}}'
  const hook = await say(service, "pre-user-registration", { directives, code: "throw new Error('down')" })
  const circuit = () => api.get<Circuit>(`/v1/hooks/${hook.id}/circuit`)
  expect(await circuit()).toMatchObject({ onFailure: "fallback", hasCircuit: true, state: "closed" })

  const fire = () => api.fire("pre-user-registration")
  for (const failure of ["threw", "threw", "threw", "circuit_open"]) {
    const answer = await fire()
    expect(answer.body).toMatchObject({
      status: "succeeded",
      result: { user: { app_metadata: { checked: false } } },
    })
    expect(policyOf(answer)).toMatchObject({ onFailure: "fallback", failure })
  }
  expect(await circuit()).toMatchObject({ state: "open", probeAt: expect.any(String) })
  const { body: metrics } = await api.send<string>("GET", "/metrics")
  expect(metrics).toContain(`hooklane_circuit_state{trigger="pre-user-registration",hook="${hook.id}"} 2`)
  await expect
    .poll(async () => (await api.send<string>("GET", "/metrics")).body)
    .toContain(
      'hooklane_policy_answers_total{trigger="pre-user-registration",failure="circuit_open",answered_by="fallback"} 1',
    )
  await expect.poll(async () => policyOf(await fire())).toMatchObject({ failure: "threw" })

  await hook.change("cb(null, { user: { app_metadata: { checked: true } } })")
  expect(await fire()).toMatchObject({ body: { result: { user: { app_metadata: { checked: true } } } } })
  expect(await circuit()).toMatchObject({ state: "closed", calls: 1, failures: 0 })
})

test("an event passes while no worker is there, and while Redis is away", async ({ service }) => {
  const { api, workers, redis } = service
  await say(service, "credentials-exchange", { directives: "on-failure=open", code: "cb(null, {})" })
  expect(await api.fire("credentials-exchange")).toMatchObject({ body: { status: "succeeded" } })
  for (const worker of workers) worker.terminate()
  await expect.poll(() => api.get("/v1/workers"), { timeout: 10_000 }).toEqual([])
  const fire = async () => policyOf(await api.fire("credentials-exchange"))
  await expect.poll(fire).toMatchObject({ onFailure: "open", failure: "no_worker" })

  await redis.stop()
  await expect.poll(fire).toMatchObject({ onFailure: "open", failure: "redis_unavailable" })
  const answered = await api.fire("credentials-exchange")
  expect(await api.reached(answered.body.executionId, "failed")).toMatchObject({
    failure: "redis_unavailable",
    answeredBy: "open",
  })
  await redis.start()
  await service.startWorker()
  await expect
    .poll(() => api.fire("credentials-exchange"), { timeout: 10_000 })
    .toMatchObject({ body: { status: "succeeded" } })
})
