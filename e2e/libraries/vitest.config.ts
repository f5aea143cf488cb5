import { defineConfig } from "vitest/config"
import { tallyReporter } from "../../scripts/tally-reporter.ts"

export default defineConfig({
  test: {
    include: ["*.test.ts"],
    globalSetup: ["../../scripts/test-setup.ts"],
    reporters: ["default", tallyReporter()],
    maxWorkers: 2,
    retry: process.env["CI"] ? 2 : 0,
    testTimeout: 30_000,
    // Packages are fetched, installed and bundled before a file's tests.
    hookTimeout: 180_000,
    expect: { poll: { timeout: 5_000 } },
  },
})
