import type { TriggerId } from "@hooklane/core"
import { expect } from "vitest"
import { type Api, type HookView, scriptOf } from "./api.ts"
import { testWithService } from "./service-test.ts"

const settings = { HOOKLANE_CHAINS: "credentials-exchange,pre-user-registration,post-user-registration" }

const test = testWithService({ settings })

function addToChain(api: Api, triggerId: TriggerId, { order, code }: { order: number; code: string }) {
  const script = `// hooklane: order=${order}\n${scriptOf(triggerId, code)}`
  return api.post<HookView>("/api/v2/hooks", {
    name: `${triggerId} ${order}`,
    triggerId,
    script,
    enabled: true,
  })
}

test("hooks run in their set order, each with what the ones before changed", async ({ service: { api } }) => {
  const triggerId = "credentials-exchange"
  await addToChain(api, triggerId, {
    order: 2,
    code: `cb(null, { scope: scope.concat("second"), "https://x.example/seen": scope })`,
  })
  await addToChain(api, triggerId, {
    order: 1,
    code: `cb(null, { scope: ["first"], "https://x.example/one": 1 })`,
  })
  const { body } = await api.fire(triggerId)
  expect(body).toMatchObject({
    status: "succeeded",
    result: {
      scope: ["first", "second"],
      "https://x.example/one": 1,
      "https://x.example/seen": ["first"],
    },
    executions: [expect.stringMatching(/^exe_/), body.executionId],
  })
})

test("the first refusal ends the chain", async ({ service: { api } }) => {
  const triggerId = "pre-user-registration"
  await addToChain(api, triggerId, { order: -1, code: `cb(new PreUserRegistrationError("no"))` })
  await addToChain(api, triggerId, { order: 5, code: `cb(null, { user: {} })` })
  const { body } = await api.fire(triggerId)
  expect(body).toMatchObject({ status: "failed", error: { message: "no" }, executions: [body.executionId] })
})

test("of an asynchronous trigger each hook gets an execution of its own", async ({ service: { api } }) => {
  const triggerId = "post-user-registration"
  const one = await addToChain(api, triggerId, { order: 1, code: "cb()" })
  const two = await addToChain(api, triggerId, { order: 2, code: "cb()" })
  const { body } = await api.fire(triggerId)
  const { executions = [] } = body
  const done = await Promise.all(executions.map((id) => api.reached(id, "succeeded")))
  expect(done).toMatchObject([{ hookId: one.id }, { hookId: two.id }])
})

test("a trigger without a chain keeps the rule: one enabled hook", async ({ service: { api } }) => {
  const first = await api.createHook("send-phone-message", "cb(null, 1)")
  await api.createHook("send-phone-message", "cb(null, 2)")
  expect((await api.fire("send-phone-message")).body).toMatchObject({ result: 2 })
  expect(await api.get(`/api/v2/hooks/${first.id}`)).toMatchObject({ enabled: false })
})
