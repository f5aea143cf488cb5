interface SyncEvent {
  client: { metadata: { plan: string } }
  scope: string[]
}

/** The hooks of `workload.ts`, as functions of a trusted module. */
export function sync({ client, scope }: SyncEvent): object {
  return { scope: scope.concat("extra"), "https://example.com/plan": client.metadata.plan }
}

export function async(): void {}
