import { expect, test } from "vitest"
import { describeRedis, parseConfig, parseRedisUrl } from "../src/index.ts"

test.for([
  "redis://localhost",
  "rediss://user:p%40ss@redis.example.com:6380/2",
  "unix:///run/redis.sock?db=2",
])("%s is the address of a server", (url) => {
  expect(parseRedisUrl(url)).toEqual({ kind: "server", url })
  expect(parseConfig({ REDIS_URL: url }).redisUrl).toBe(url)
})

test("sentinels come with the name of their master", () => {
  expect(parseRedisUrl("redis+sentinel://s1,s2:26380,[::1]:26381/mymaster")).toEqual({
    kind: "sentinel",
    isTls: false,
    sentinels: [
      { host: "s1", port: 26_379 },
      { host: "s2", port: 26_380 },
      { host: "::1", port: 26_381 },
    ],
    name: "mymaster",
    db: 0,
  })
})

test("what logs in, the database and TLS may be told", () => {
  const url = "rediss+sentinel://hooks:a%2Fb@s1/main/3?sentinel_username=watcher&sentinel_password=c%26d"
  expect(parseRedisUrl(url)).toEqual({
    kind: "sentinel",
    isTls: true,
    username: "hooks",
    password: "a/b",
    sentinels: [{ host: "s1", port: 26_379 }],
    name: "main",
    db: 3,
    sentinelUsername: "watcher",
    sentinelPassword: "c&d",
  })
  expect(parseRedisUrl("redis+cluster://:secret@n1,n2:7000")).toEqual({
    kind: "cluster",
    isTls: false,
    password: "secret",
    nodes: [
      { host: "n1", port: 6_379 },
      { host: "n2", port: 7_000 },
    ],
  })
})

test.for([
  ["http://hidden@localhost", /must be redis:\/\/, .* redis\+sentinel:.* redis\+cluster:/],
  ["localhost:6379", /must be redis:\/\//],
  ["redis+sentinel://:hidden@s1,s2", /needs the name that the sentinels give the master/],
  ["redis+sentinel://:hidden@s1,s2:x/main", /number 2 of them is no host:port/],
  ["redis+sentinel://:hidden@s1:65536/main", /number 1 of them/],
  ["redis+sentinel://:hidden@s1,/main", /number 2 of them/],
  ["redis+sentinel://hidden@s1/main", /password after a colon/],
  ["redis+sentinel://:hidden%@s1/main", /a % that begins no escape/],
  ["redis+sentinel://s1/main?timeout=5", /and not timeout/],
  ["redis+sentinel://s1/main/two", /needs the name/],
  ["redis+cluster://:hidden@n1/0", /nothing after the hosts of a cluster/],
] as const)("%s is refused with a sentence that repeats no password", ([url, sentence]) => {
  const attempt = () => parseConfig({ REDIS_URL: url })
  expect(attempt).toThrow(sentence)
  expect(attempt).not.toThrow(/hidden/)
})

test.each([
  ["redis://user:secret@host:6380/2", "host:6380"],
  ["redis://:secret@[::1]:6379", "[::1]:6379"],
  ["unix:///run/redis.sock?password=secret", "/run/redis.sock"],
  ["redis+sentinel://:secret@a,b:1/main", "a:26379, b:1 (sentinels of main)"],
  ["rediss+cluster://u:secret@a,b", "a:6379, b:6379 (cluster)"],
])("%s is named without what is secret", (url, name) => {
  expect(describeRedis(url)).toBe(name)
})
