import type { Password } from "./Password.ts"

/** What the hashing thread is asked, one question at a time. @since 0.1.0 @category models */
export interface Question {
  readonly given: Uint8Array
  readonly password: Password
}

/** Its answer. @since 0.1.0 @category models */
export interface Answer {
  readonly matches: boolean
}
