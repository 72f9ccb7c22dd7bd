import type * as Either from "effect/Either"
import type { Account } from "../Account.ts"
import type * as ActiveTarget from "../ActiveTarget.ts"
import type { Command, Rejected } from "../Command.ts"
import type { Algorithm } from "../Digest.ts"
import * as Facts from "../Facts.ts"
import type { HostPort } from "../HostPort.ts"
import type { Reply } from "../Reply.ts"
import * as VirtualPath from "../VirtualPath.ts"

/**
 * What a session is told at its start and never changes.
 *
 * @since 0.1.0
 * @category models
 */
export interface Settings extends ActiveTarget.Rules {
  /** The text after 220. */
  readonly greeting: string
  /** The client's address, normalised. */
  readonly peer: string
  /** The largest file that the server takes, in bytes; 0 is no limit. */
  readonly maxUploadSize: number
  /** Absent where TLS is not offered. */
  readonly tls?: TlsRules | undefined
}

/**
 * What is asked of clients where TLS is offered.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsRules {
  /** What must not be in clear. */
  readonly required: "none" | "login" | "data"
  /** TLS comes before the greeting: the client came by the implicit port. */
  readonly implicit: boolean
  /** A client whose certificate names the user needs no password. */
  readonly certificateLogin: boolean
  /** Whether CCC may take TLS off the control connection: also where TLS is required, or only where nobody asks for it. */
  readonly ccc: "never" | "unless-required" | "always"
}

/**
 * What is protected (RFC 2228, RFC 4217).
 *
 * @since 0.1.0
 * @category models
 */
export interface Protection {
  /** The control connection has TLS. */
  readonly control: boolean
  /** PBSZ was given, which PROT needs. */
  readonly sized: boolean
  /** Whether data connections are in clear (C) or private (P). */
  readonly data: "C" | "P"
  /** The name in the client's certificate, where it gave one that is believed. */
  readonly certificate: string | undefined
  /** Nothing was said since the handshake. */
  readonly fresh: boolean
}

/** A connection in clear. @since 0.1.0 @category constants */
export const unprotected: Protection = {
  control: false,
  sized: false,
  data: "C",
  certificate: undefined,
  fresh: false
}

/**
 * How the next transfer gets its data connection: the server listens, or connects to `target`.
 *
 * @since 0.1.0
 * @category models
 */
export type DataPlan = { readonly _tag: "Passive" } | { readonly _tag: "Active"; readonly target: HostPort }

/**
 * The representation type: ASCII, or image, which is bytes as they are (RFC 959 section 3.1.1).
 *
 * @since 0.1.0
 * @category models
 */
export type Representation = "A" | "I"

/**
 * The transfer mode: stream (RFC 959 section 3.4.1), or deflate (draft-preston-ftpext-deflate).
 *
 * @since 0.1.0
 * @category models
 */
export type Mode = "S" | "Z"

/**
 * A part of a file: the bytes from `start` to before `end`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Range {
  readonly start: number
  readonly end: number
}

/**
 * The one thing a session is waiting for. While there is one, commands other than those the table marks `duringTransfer` wait.
 *
 * @since 0.1.0
 * @category models
 */
export type Work =
  /** `certified` is without a password, for what the certificate says. */
  | { readonly _tag: "LoggingIn"; readonly name: string; readonly certified?: boolean }
  /** A handshake on the control connection; `data` is the protection that follows from it. */
  | { readonly _tag: "Securing"; readonly data: Protection["data"] }
  /** The end of TLS on the control connection. */
  | { readonly _tag: "Clearing" }
  | { readonly _tag: "OpeningPassive"; readonly command: "PASV" | "EPSV" }
  | { readonly _tag: "Asking"; readonly question: Question }
  | { readonly _tag: "ListingStatus" }
  /** `done` is what is said when the change is made. */
  | { readonly _tag: "Changing"; readonly done: Reply }
  /** `report` says in whose words the digest is told, `written` is the path as the client wrote it. */
  | {
      readonly _tag: "Digesting"
      readonly report: DigestReport
      readonly path: VirtualPath.VirtualPath
      readonly written: string
    }
  | { readonly _tag: "Measuring"; readonly report: MeasureReport }
  | Transferring

/**
 * Who asked for a digest: HASH, or one of the older X verbs, which say nothing but the digest.
 *
 * @since 0.1.0
 * @category models
 */
export type DigestReport = "HASH" | "X"

/**
 * Who asked what room there is: AVBL, ALLO with the bytes it wants, or SITE QUOTA.
 *
 * @since 0.1.0
 * @category models
 */
export type MeasureReport =
  | { readonly _tag: "AVBL" }
  | { readonly _tag: "ALLO"; readonly bytes: number }
  | { readonly _tag: "QUOTA" }

/**
 * A transfer, from its command to its final reply.
 *
 * @since 0.1.0
 * @category models
 */
export interface Transferring {
  readonly _tag: "Transferring"
  readonly name: string
  /** ABOR was given, and is answered after the transfer's own reply. */
  readonly aborting: boolean
  /** QUIT was given, and is answered after the transfer's own reply. */
  readonly quitting: boolean
}

/**
 * What is asked of storage about one path, and which command wants to know.
 *
 * @since 0.1.0
 * @category models
 */
export type Question = {
  readonly command: "CWD" | "SIZE" | "MDTM" | "MLST" | "RNFR"
  readonly path: VirtualPath.VirtualPath
}

/**
 * A line of the client: a command, what was wrong with it, or a line over the limit.
 *
 * @since 0.1.0
 * @category models
 */
export type Received = Either.Either<Command, Rejected | { readonly _tag: "TooLong" }>

/**
 * The whole of a session between two events.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly settings: Settings
  /** Named by USER and waiting for PASS. */
  readonly user: string | undefined
  readonly account: Account | undefined
  readonly failedLogins: number
  readonly directory: VirtualPath.VirtualPath
  readonly representation: Representation
  readonly mode: Mode
  /** The restart marker in bytes, for the next command that does not only set up a transfer (RFC 3659 section 5). */
  readonly restart: number
  /** What RANG named, for the same. */
  readonly range: Range | undefined
  /** What RNFR named, for the very next command. */
  readonly renaming: VirtualPath.VirtualPath | undefined
  /** The file SIZE told the bytes of, while no more has come since than what sets up a transfer: APPE may go on with a partial of it. */
  readonly sized: VirtualPath.VirtualPath | undefined
  /** What HASH computes, as OPTS HASH chose. */
  readonly algorithm: Algorithm
  readonly data: DataPlan | undefined
  /** `EPSV ALL` was given: no other command may set up a data connection any more (RFC 2428 section 4). */
  readonly epsvAll: boolean
  readonly facts: Facts.Selection
  readonly protection: Protection
  readonly work: Work | undefined
  /** Lines that wait for `work` to end, oldest first. */
  readonly deferred: ReadonlyArray<Received>
  /** The server is going down: the session ends with its current work. */
  readonly draining: boolean
  readonly closed: boolean
}

/**
 * A session before its greeting.
 *
 * @since 0.1.0
 * @category constructors
 */
export const initial = (settings: Settings): State => ({
  settings,
  user: undefined,
  account: undefined,
  failedLogins: 0,
  directory: VirtualPath.root,
  representation: "A",
  mode: "S",
  restart: 0,
  range: undefined,
  renaming: undefined,
  sized: undefined,
  algorithm: "SHA-256",
  data: undefined,
  epsvAll: false,
  facts: Facts.defaults,
  protection: unprotected,
  work: undefined,
  deferred: [],
  draining: false,
  closed: false
})

/**
 * The same session, waiting for something else and with another plan for its data. Field by field, because this happens several times
 * for each transfer: an engine gives every spread of a spread another shape, and in the end looks each of the names up.
 *
 * @since 0.1.0
 * @category combinators
 */
export const working = (state: State, work: Work | undefined, data: DataPlan | undefined): State => ({
  settings: state.settings,
  user: state.user,
  account: state.account,
  failedLogins: state.failedLogins,
  directory: state.directory,
  representation: state.representation,
  mode: state.mode,
  restart: state.restart,
  range: state.range,
  renaming: state.renaming,
  sized: state.sized,
  algorithm: state.algorithm,
  data,
  epsvAll: state.epsvAll,
  facts: state.facts,
  protection: state.protection,
  work,
  deferred: state.deferred,
  draining: state.draining,
  closed: state.closed
})

/**
 * Which of the session's timers is running: `Login` until somebody is logged in, then `Idle`, but none while the session works
 * for its client.
 *
 * @since 0.1.0
 * @category queries
 */
export const timer = ({ account, closed, work }: State): "Login" | "Idle" | undefined => {
  if (closed) return undefined
  if (work !== undefined && work._tag !== "LoggingIn") return undefined
  return account === undefined ? "Login" : "Idle"
}
