import { availableParallelism } from "node:os"
import { defineConfig } from "vitest/config"
import { tallyReporter } from "./scripts/tally-reporter.ts"

// Under an older Node better-sqlite3's binary crashes the process instead of saying why.
if (Number(process.versions.node.split(".")[0]) < 26)
  throw new Error("Run the tests with `npm test`: they need the pinned Node 26")

export default defineConfig({
  test: {
    include: [
      "packages/*/test/**/*.test.ts",
      "apps/*/test/**/*.test.ts",
      "scripts/test/**/*.test.ts",
      "e2e/*.test.ts",
    ],
    globalSetup: ["scripts/test-setup.ts"],
    reporters: ["default", tallyReporter()],
    // By default one processor is left free; these tests mostly wait, so two files at a time fit two processors.
    maxWorkers: Math.max(2, availableParallelism()),
    // A test of real processes may meet a busy machine; one that fails three times in a row has found something.
    retry: process.env.CI ? 2 : 0,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    expect: { poll: { timeout: 5_000 } },
  },
})
