import * as Os from "node:os"
import { defineConfig } from "vitest/config"

/**
 * Tests without sockets, descriptors or processes of their own: most of the time of such a file is the loading of Effect, and once
 * is enough for all of them.
 */
const together = [
  "test/domain/**/*.test.ts",
  "test/config/**/*.test.ts",
  "test/runtime/limits/**/*.test.ts",
  "test/runtime/session/{Combine,CommandRate,Compression,Limits,Login,Session,Stepping,Upload,Waiting}.test.ts"
]

export default defineConfig({
  test: {
    testTimeout: 30_000,
    // Vitest would leave one processor idle, which is half of a machine with two.
    maxWorkers: Os.availableParallelism(),
    poolOptions: { threads: { isolate: false, maxThreads: 1 } },
    projects: [
      { extends: true, test: { name: "together", include: together, pool: "threads" } },
      { extends: true, test: { name: "apart", include: ["test/**/*.test.ts"], exclude: together } }
    ]
  }
})
