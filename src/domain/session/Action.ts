import type * as Redacted from "effect/Redacted"
import type { Algorithm } from "../Digest.ts"
import type { Selection as Facts } from "../Facts.ts"
import type { VirtualPath } from "../VirtualPath.ts"
import type { DataPlan, Mode, Question, Range, Representation } from "./State.ts"

/**
 * What a transfer moves. `offset` is in bytes of the representation that is sent, and so is `end`: nothing from there on is sent.
 *
 * @since 0.1.0
 * @category models
 */
export type Payload =
  | { readonly _tag: "File"; readonly path: VirtualPath; readonly offset: number; readonly end?: number }
  | {
      readonly _tag: "Listing"
      readonly path: VirtualPath
      /** The directory's own entry rather than what is in it (`-d`). */
      readonly itself: boolean
      readonly style: "Long" | "Names"
      /** `path` as the client wrote it, "" where it did not: the names sent have to fit it. */
      readonly written: string
    }
  | { readonly _tag: "Facts"; readonly path: VirtualPath; readonly facts: Facts }
  | Upload

/**
 * What a client sends. `Replace` puts it in place of what has the name, from `offset` on (bytes as stored; what stands before that stays);
 * `Append` behind it; `Unique` under a new name that begins like `path`'s. `create` and `replace` say whether the account may make the
 * name and may change what has it: only storage knows which of the two it is.
 *
 * @since 0.1.0
 * @category models
 */
export interface Upload {
  readonly _tag: "Upload"
  readonly path: VirtualPath
  readonly how: "Replace" | "Append" | "Unique"
  readonly offset: number
  /** The client has asked how far it came: `Append` goes on with a partial if there is one. */
  readonly resumes?: boolean
  readonly create: boolean
  readonly replace: boolean
}

/**
 * A change to files that moves no data. Times are milliseconds since the epoch, `mode` the twelve permission bits. `Combine` puts
 * the contents of `sources` in order behind what `path` holds, and then takes the sources away.
 *
 * @since 0.1.0
 * @category models
 */
export type Change =
  | { readonly _tag: "Delete"; readonly path: VirtualPath }
  | { readonly _tag: "MakeDirectory"; readonly path: VirtualPath }
  | { readonly _tag: "RemoveDirectory"; readonly path: VirtualPath }
  | { readonly _tag: "Rename"; readonly path: VirtualPath; readonly to: VirtualPath; readonly replace: boolean }
  | {
      readonly _tag: "SetAttributes"
      readonly path: VirtualPath
      readonly mode?: number
      readonly modified?: number
      readonly accessed?: number
    }
  | {
      readonly _tag: "Combine"
      readonly path: VirtualPath
      readonly sources: ReadonlyArray<VirtualPath>
      readonly create: boolean
      readonly replace: boolean
    }

/**
 * A transfer over the data connection that was agreed on.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transfer {
  readonly _tag: "Transfer"
  readonly payload: Payload
  readonly data: DataPlan
  readonly representation: Representation
  readonly mode: Mode
}

/**
 * What `step` wants done, as data. Each but the last three is answered by one event.
 *
 * @since 0.1.0
 * @category models
 */
export type Action =
  /** Answered by `LoginDecided`. */
  | { readonly _tag: "Authenticate"; readonly name: string; readonly password: Redacted.Redacted<string> }
  /** Asks for the account of a client whose certificate has this name. Answered by `LoginDecided`. */
  | { readonly _tag: "Recognise"; readonly name: string }
  /**
   * Puts TLS on the control connection after what was said is out; what was read in clear is thrown away, but for a ClientHello
   * where nothing else `follows` AUTH. Answered by `Secured` or `SecuringFailed`.
   */
  | { readonly _tag: "StartTls"; readonly follows: boolean }
  /**
   * Takes TLS off the control connection after what was said is out; what was read under it is thrown away. Answered by `Cleared` or
   * `SecuringFailed`.
   */
  | { readonly _tag: "EndTls" }
  /** Answered by `PassiveOpened` or `PassiveFailed`. Drops what an earlier command set up: the last one wins. */
  | { readonly _tag: "OpenPassive"; readonly command: "PASV" | "EPSV" }
  /** Answered by `Answered`. */
  | { readonly _tag: "Ask"; readonly question: Question }
  /** Answered by `Changed`. */
  | { readonly _tag: "Change"; readonly change: Change }
  /** Answered by `Digested`. Without `range`, of the whole file. */
  | {
      readonly _tag: "Digest"
      readonly path: VirtualPath
      readonly algorithm: Algorithm
      readonly range: Range | undefined
    }
  /** Answered by `Measured`. */
  | { readonly _tag: "Measure"; readonly path: VirtualPath }
  /** Answered by `StatusListed`, after its lines went out as inner lines of a 213 reply. */
  | { readonly _tag: "ListStatus"; readonly path: VirtualPath }
  /** Answered by `Progress` before the client's next line. */
  | { readonly _tag: "ReportProgress" }
  /** Answered by `TransferOpened` at most once, then by `TransferEnded`. */
  | Transfer
  /** The running transfer ends soon with `TransferEnded`. */
  | { readonly _tag: "CancelTransfer" }
  /** Gives back a passive port or an unused data connection. */
  | { readonly _tag: "DropData" }
  /** Ends the session after the replies are out. */
  | { readonly _tag: "Close" }
