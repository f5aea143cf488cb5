import { expect, test } from "vitest"
import { readFailurePolicy } from "../src/failure-policy.ts"

test.each([
  ["says nothing", "cb()", { onFailure: "closed", hasCircuit: false }],
  ["fails open", "// hooklane: on-failure=open", { onFailure: "open", hasCircuit: true }],
  [
    "has a fallback",
    '// hooklane: fallback={"scope": []}',
    { onFailure: "fallback", result: { scope: [] }, hasCircuit: true },
  ],
  [
    "asks for no circuit",
    "// hooklane: on-failure=open circuit=off",
    { onFailure: "open", hasCircuit: false },
  ],
  ["asks for a circuit alone", "// hooklane: circuit=on", { onFailure: "closed", hasCircuit: true }],
  [
    "cannot be understood",
    "// hooklane: on-failure=open egres=none",
    { onFailure: "closed", hasCircuit: false },
  ],
] as const)("a script that %s", (_what, script, policy) => {
  expect(readFailurePolicy(script)).toEqual(policy)
})
