/**
 * One thing that a hostile hook tries: its name, and the body of an async function that gives what it got hold
 * of, or nothing. `PORT` is a listener on this machine, `MARKER` a file that holds a secret, and `realPowers(x)`
 * names what a `process`, global object or module could do to the machine.
 */
export type Attack = readonly [name: string, body: string]

/** A hook that makes the attempt whose number its event holds, and tells what came of it. */
export function scriptOf(
  attacks: readonly Attack[],
  { port, marker }: { port: number; marker: string },
): string {
  const bodies = attacks.map(([, body]) =>
    body.replaceAll("PORT", String(port)).replaceAll("MARKER", JSON.stringify(marker)),
  )
  return `const isStandIn = (x, name) => /denied/.test(String(x[name].name)) ||
      (name === "binding" && Object.keys(x.binding("fs")).length === 0) ||
      (name === "getBuiltinModule" && x.getBuiltinModule("fs") === require("fs"))
    const realPowers = (x) => !x ? [] : ["binding", "_linkedBinding", "kill", "dlopen", "getBuiltinModule", "reallyExit",
      "chdir", "execve", "mainModule", "readFileSync", "spawn", "createRequire", "_load", "Worker", "parentPort", "open", "register"]
      .filter((name) => { try { return x[name] && !isStandIn(x, name) } catch {} })
    const orNothing = (names) => names.length > 0 ? names : undefined
    const attacks = [${bodies.map((body) => `async (user, context) => { ${body} }`).join(",\n")}]
    module.exports = async (user, context) => {
      try {
        const got = await attacks[user.attack](user, context)
        return got === undefined || got === null || got === false ? { got: null } : { got: String(got).slice(0, 200) }
      } catch (error) {
        return { got: null, refused: String(error && (error.code || error.name)) }
      }
    }`
}
