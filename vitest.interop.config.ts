import { defineConfig } from "vitest/config"

export default defineConfig({
  test: {
    include: ["interop/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // The machine's processors are for the server and the clients.
    fileParallelism: false
  }
})
