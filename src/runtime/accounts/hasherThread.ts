import * as Os from "node:os"
import { parentPort } from "node:worker_threads"
import type { Answer, Question } from "./HasherProtocol.ts"
import * as Password from "./Password.ts"

// Of this thread alone where the system schedules threads, so that logins give way to transfers.
try {
  if (process.platform === "linux") Os.setPriority(0, 10)
} catch {}

parentPort?.on("message", ({ given, password }: Question) => {
  const answer: Answer = { matches: Password.unsafeVerify(given, password) }
  parentPort?.postMessage(answer)
})
