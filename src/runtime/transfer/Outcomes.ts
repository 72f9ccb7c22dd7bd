import type { Outcome } from "../../domain/session/Event.ts"

/** All of it went over. @since 0.1.0 @category constants */
export const done: Outcome = { _tag: "Done" }

/** The data connection was lost in the middle. @since 0.1.0 @category constants */
export const broken: Outcome = { _tag: "Cut", reason: "The data connection broke; transfer cut." }
