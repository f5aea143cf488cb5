import { defineConfig } from "vitest/config"
import { tallyReporter } from "../../scripts/tally-reporter.ts"

export default defineConfig({
  test: {
    include: ["*.test.ts"],
    globalSetup: ["install.ts"],
    reporters: ["default", tallyReporter()],
    // The Deploy CLI's first import compiles the schema of a whole tenant.
    testTimeout: 120_000,
    hookTimeout: 60_000,
  },
})
