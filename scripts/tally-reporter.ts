import type { Reporter, TestModule } from "vitest/node"

/** Ends the run with one line that people and programs read alike: `12 passed, 0 failed`. */
export function tallyReporter(print: (line: string) => void = console.log): Reporter {
  return {
    onTestRunEnd: (modules, unhandledErrors) => {
      const tests = modules.flatMap((module) => [...module.children.allTests()])
      const failedFiles = modules.filter(failedAsAWhole).length
      const passed = tests.filter((test) => test.result().state === "passed").length
      const failed = tests.filter((test) => test.result().state === "failed").length
      print(`\n${passed} passed, ${failed + failedFiles + unhandledErrors.length} failed`)
    },
  }
}

/** A file that could not be loaded has no tests to count, so it counts itself. */
function failedAsAWhole(module: TestModule): boolean {
  return module.errors().length > 0
}
