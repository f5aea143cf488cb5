/** Everything a management client can be allowed to do; the first client may do all of it. */
export const SCOPES = [
  "read:hooks",
  "create:hooks",
  "update:hooks",
  "delete:hooks",
  "create:events",
  "read:executions",
  "update:executions",
  "read:queues",
  "update:queues",
  "read:workers",
  "read:clients",
  "create:clients",
  "update:clients",
  "delete:clients",
] as const

export type Scope = (typeof SCOPES)[number]
