import { expect, test } from "vitest"
import { keepingLog, testConnection } from "./support.ts"

test.each(["redis+sentinel://127.0.0.1:1,127.0.0.1:2/main", "redis+cluster://127.0.0.1:1,127.0.0.1:2"])(
  "while nobody at %s answers, commands fail in time, the log says so once, and the connection can be closed",
  async (url) => {
    const log = keepingLog()
    const connection = testConnection({ url, log, timeoutMs: 1_200 })
    await expect(connection.ping(1_200)).rejects.toMatchObject({ code: "redis_unavailable" })
    expect(log.messages).toEqual(["redis connection failed"])
    await connection.close()
  },
)

test("in a cluster all keys have one hash tag", () => {
  const connection = testConnection({ url: "redis+cluster://127.0.0.1:1", prefix: "hooks" })
  expect(connection.prefix).toBe("{hooks}")
})
