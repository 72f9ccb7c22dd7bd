import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["interop/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // One server is seldom busy while its client starts, stops or waits. More would be in each other's way.
    maxWorkers: 2,
    minWorkers: 1
  }
})
