import type * as Either from "effect/Either"
import type { Account } from "../Account.ts"
import type { Digest } from "../Digest.ts"
import type { Entry } from "../Entry.ts"
import type { FileFault } from "../FileFault.ts"
import type { HostPort } from "../HostPort.ts"
import type { Received } from "./State.ts"

/**
 * How a login ended: with an account, refused, in order but in clear where the account wants TLS, over a limit (`reason` says which,
 * for people), or not decided because accounts could not be asked.
 *
 * @since 0.1.0
 * @category models
 */
export type Verdict =
  | { readonly _tag: "Welcome"; readonly account: Account }
  | { readonly _tag: "Refused" }
  | { readonly _tag: "InClear" }
  | { readonly _tag: "Limited"; readonly reason: string }
  | { readonly _tag: "Unavailable" }

/**
 * The room there is for more, in bytes and files: what the disk has left, and the account's quota where it has one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Space {
  /** `undefined` where the storage cannot tell. */
  readonly available: number | undefined
  readonly used: { readonly bytes: number; readonly files: number } | undefined
}

/**
 * The digest of a file, or of the part that was asked for: its bytes from `start` to before `end`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Digested {
  readonly digest: Digest
  readonly start: number
  readonly end: number
}

/**
 * How a transfer ended. Only `Done` is success.
 *
 * @since 0.1.0
 * @category models
 */
export type Outcome =
  | { readonly _tag: "Done" }
  /** ABOR, or the server going down. */
  | { readonly _tag: "Cancelled" }
  /** The data connection never came to be; `reason` is for people. */
  | { readonly _tag: "NoConnection"; readonly reason: string }
  /** The data connection came to be, but not the TLS it must have; `reason` is for people. */
  | { readonly _tag: "Unprotected"; readonly reason: string }
  /** The data connection broke or stalled; `reason` is for people. */
  | { readonly _tag: "Cut"; readonly reason: string }
  | { readonly _tag: "Fault"; readonly fault: FileFault }
  | { readonly _tag: "BadRestart" }
  /** MLSD named something that is no directory (RFC 3659 section 7.2.1). */
  | { readonly _tag: "NotADirectory" }
  /** What came over the data connection is not what MODE says it is; `reason` is for people. */
  | { readonly _tag: "BadData"; readonly reason: string }
  /** Something that should not happen did; it is in the log. */
  | { readonly _tag: "Defect" }

/**
 * What happens to a session.
 *
 * @since 0.1.0
 * @category models
 */
export type Event =
  /** A pool slot is taken and the session may greet. */
  | { readonly _tag: "Started" }
  | { readonly _tag: "LineRead"; readonly line: Received }
  | { readonly _tag: "LoginDecided"; readonly verdict: Verdict }
  /** `certificate` is the name in the client's, where it gave one that is believed. */
  | { readonly _tag: "Secured"; readonly certificate: string | undefined }
  /** TLS has ended, and what comes now comes in clear. */
  | { readonly _tag: "Cleared" }
  /** There is no connection any more. */
  | { readonly _tag: "SecuringFailed" }
  /** `host` is where PASV says to connect; for EPSV only its port counts. */
  | { readonly _tag: "PassiveOpened"; readonly host: HostPort }
  | { readonly _tag: "PassiveFailed"; readonly reason: string }
  | { readonly _tag: "Answered"; readonly answer: Either.Either<Entry, FileFault> }
  | { readonly _tag: "Changed"; readonly result: Either.Either<void, FileFault> }
  | { readonly _tag: "Digested"; readonly result: Either.Either<Digested, FileFault> }
  | { readonly _tag: "Measured"; readonly result: Either.Either<Space, FileFault> }
  | { readonly _tag: "StatusListed"; readonly ended: "Whole" | "CutShort" | FileFault }
  | { readonly _tag: "Progress"; readonly lines: ReadonlyArray<string> }
  /** What is sent has been found; `size` in bytes where it is known. For an upload there is room, under `name` where the server chose it. */
  | { readonly _tag: "TransferOpened"; readonly size: number | undefined; readonly name?: string }
  | { readonly _tag: "TransferEnded"; readonly outcome: Outcome }
  | { readonly _tag: "TimedOut"; readonly timer: "Login" | "Idle" }
  /** A limit on the session as such is passed by far; `limit` says which, for people. */
  | { readonly _tag: "Flooded"; readonly limit: string }
  /** The server is going down. */
  | { readonly _tag: "DrainRequested" }
