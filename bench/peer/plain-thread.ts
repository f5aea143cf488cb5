type Hook = (client: unknown, scope: unknown, audience: unknown, context: unknown, callback: Callback) => void
type Callback = (error: unknown, value: unknown) => void

const hooks = new Map<number, Hook>()

/** Runs a hook in a thread of plain piscina: compiled once, called in the thread's own realm, nothing in between. */
export function run({
  number,
  script,
  event,
}: {
  number: number
  script: string
  event: string
}): Promise<unknown> {
  const hook = hooks.get(number) ?? compile(script)
  hooks.set(number, hook)
  const { client, scope, audience, context } = JSON.parse(event)
  return new Promise((resolve, reject) => {
    hook(client, scope, audience, context, (error, value) => (error ? reject(error) : resolve(value)))
  })
}

function compile(script: string): Hook {
  const module: { exports?: Hook } = {}
  new Function("module", script)(module)
  if (!module.exports) throw new Error("The script exports nothing")
  return module.exports
}
