import { defineConfig } from "vitest/config"
import { tallyReporter } from "../../scripts/tally-reporter.ts"

export default defineConfig({
  test: {
    include: ["*.test.ts"],
    globalSetup: ["install.ts"],
    reporters: ["default", tallyReporter()],
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
})
