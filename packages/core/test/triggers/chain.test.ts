import { describe, expect, test } from "vitest"
import { TRIGGERS, type TriggerId } from "../../src/index.ts"

function chainOf(id: TriggerId) {
  const { chain } = TRIGGERS[id]
  if (!chain) throw new Error(`${id} has no chain`)
  return chain
}

describe("credentials-exchange", () => {
  const chain = chainOf("credentials-exchange")
  const event = { client: {}, scope: ["a", "b"], audience: "x", context: {} }

  test("the next hook sees the scopes that the one before left", () => {
    expect(chain.nextEvent(event, { scope: ["a"], "https://x.example/c": 1 })).toEqual({
      ...event,
      scope: ["a"],
    })
  })

  test("a result without scope takes all scopes away, no result leaves them", () => {
    expect(chain.nextEvent(event, {}).scope).toEqual([])
    expect(chain.nextEvent(event, undefined)).toBe(event)
  })

  test("claims of all hooks come together, and the last word on scopes counts", () => {
    const first = { scope: ["a", "b"], "https://x.example/one": 1, "https://x.example/both": 1 }
    const second = { scope: ["a"], "https://x.example/both": 2 }
    expect(chain.combine(first, second)).toEqual({
      scope: ["a"],
      "https://x.example/one": 1,
      "https://x.example/both": 2,
    })
    expect(chain.combine(first, {})).not.toHaveProperty("scope")
    expect(chain.combine(first, undefined)).toEqual(first)
  })
})

describe("pre-user-registration", () => {
  const chain = chainOf("pre-user-registration")

  test("the next hook sees the user with the metadata added so far", () => {
    const event = {
      user: { email: "a@example.com", app_metadata: { plan: "x" } },
      context: { connection: {} },
    }
    const next = chain.nextEvent(event, {
      user: { app_metadata: { ip: "1" }, user_metadata: { lang: "fr" } },
    })
    expect(next.user).toEqual({
      email: "a@example.com",
      app_metadata: { plan: "x", ip: "1" },
      user_metadata: { lang: "fr" },
    })
  })

  test("metadata of all hooks comes together, name by name", () => {
    const combined = chain.combine(
      { user: { app_metadata: { a: 1, b: 1 } } },
      { user: { app_metadata: { b: 2 }, user_metadata: { c: 3 } } },
    )
    expect(combined).toEqual({ user: { app_metadata: { a: 1, b: 2 }, user_metadata: { c: 3 } } })
    expect(chain.combine(undefined, { user: {} })).toEqual({ user: {} })
  })
})

test("of several messengers the last answer counts", () => {
  const chain = chainOf("send-phone-message")
  expect(chain.combine({ id: 1 }, { id: 2 })).toEqual({ id: 2 })
  expect(chain.combine({ id: 1 }, undefined)).toEqual({ id: 1 })
})

test("asynchronous triggers have no chain: nothing of their results is applied", () => {
  expect(TRIGGERS["post-user-registration"].chain).toBeUndefined()
  expect(TRIGGERS["post-change-password"].chain).toBeUndefined()
})
