#!/usr/bin/env node
import * as Os from "node:os"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Effect from "effect/Effect"
import * as Cli from "./runtime/cli/Cli.ts"
import * as Report from "./runtime/cli/Report.ts"

Cli.make({
  words: process.argv.slice(2),
  serve: (resolved) =>
    Effect.flatMap(
      Effect.promise(() => import("./runtime/cli/Run.ts")),
      ({ run }) => run(resolved)
    ),
  surroundings: { environment: process.env, cwd: process.cwd(), parallelism: Os.availableParallelism() }
}).pipe(
  Report.report,
  NodeRuntime.runMain({ disableErrorReporting: true, disablePrettyLogger: true, teardown: Report.teardown })
)
