import * as Schema from "effect/Schema"
import type { FileFault } from "./FileFault.ts"
import { type Permission, readOnly as readOnlyPermissions } from "./Permission.ts"

/**
 * One reply of the server (RFC 959 section 4.2): a three-digit code and at least one line of text without line ends.
 *
 * @since 0.1.0
 * @category models
 */
export const Reply = Schema.Struct({
  code: Schema.Int.pipe(Schema.between(100, 599)),
  lines: Schema.NonEmptyArray(Schema.String.pipe(Schema.pattern(/^[^\r\n]*$/)))
})

/** @since 0.1.0 @category models */
export type Reply = typeof Reply.Type

const lineEnds = /[\r\n]/g

/**
 * A reply from its lines; a line end inside the text becomes "?", so that no name can forge a reply.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (code: number, first: string, ...more: ReadonlyArray<string>): Reply => ({
  code,
  lines: [clean(first), ...more.map(clean)]
})

const clean = (line: string) => (line.includes("\n") || line.includes("\r") ? line.replace(lineEnds, "?") : line)

/** What is always said alike, as it goes over the wire. */
const wordings = new WeakMap<Reply, string>()

const always = (code: number, text: string): Reply => {
  const reply = make(code, text)
  wordings.set(reply, compose(reply))
  return reply
}

/**
 * True of a 1yz reply, which promises that another one follows for the same command.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPreliminary = (reply: Reply): boolean => reply.code < 200

/**
 * A reply as it goes over the wire. Inner lines of a multi-line reply start with a space (RFC 3659 section 7.2 wants it, and no
 * inner line can then be taken for the last one).
 *
 * @since 0.1.0
 * @category rendering
 */
export const render = (reply: Reply): string => wordings.get(reply) ?? compose(reply)

const compose = ({ code, lines }: Reply): string => {
  if (lines.length === 1) return `${code} ${lines[0]}\r\n`
  let text = begin(code, lines[0])
  for (let i = 1; i < lines.length - 1; i++) text += inner(lines[i] ?? "")
  return `${text}${code} ${lines[lines.length - 1]}\r\n`
}

/**
 * The first line of a multi-line reply whose inner lines are streamed.
 *
 * @since 0.1.0
 * @category rendering
 */
export const begin = (code: number, line: string): string => `${code}-${clean(line)}\r\n`

/**
 * One inner line of a multi-line reply.
 *
 * @since 0.1.0
 * @category rendering
 */
export const inner = (line: string): string => ` ${clean(line)}\r\n`

/** @since 0.1.0 @category replies */
export const ready = (greeting: string) => make(220, greeting)
/** @since 0.1.0 @category replies */
export const goodbye = always(221, "Goodbye.")
/** @since 0.1.0 @category replies */
export const ok = (text: string) => make(200, text)
/** @since 0.1.0 @category replies */
export const stillHere = always(200, "Still here.")
/** @since 0.1.0 @category replies */
export const superfluous = (text: string) => make(202, text)
/** @since 0.1.0 @category replies */
export const needPassword = always(331, "Password, please.")
/** @since 0.1.0 @category replies */
export const loggedIn = (name: string) => make(230, `${name} logged in.`)
/** @since 0.1.0 @category replies */
export const recognised = (name: string) => make(232, `${name} logged in by certificate.`)
/** @since 0.1.0 @category replies */
export const securing = always(234, "TLS, please.")
/** @since 0.1.0 @category replies */
export const needTls = always(530, "TLS is required: give AUTH TLS first.")
/** @since 0.1.0 @category replies */
export const accountNeedsTls = always(530, "This account requires TLS: give AUTH TLS first.")
/** @since 0.1.0 @category replies */
export const needProtectedData = always(521, "Data connections must be protected: give PBSZ 0 and PROT P first.")
/** @since 0.1.0 @category replies */
export const unprotected = (text: string) => make(522, text)
/** @since 0.1.0 @category replies */
export const policy = (text: string) => make(534, text)
/** @since 0.1.0 @category replies */
export const loginRefused = always(530, "Login incorrect.")
/** @since 0.1.0 @category replies */
export const loginUnavailable = always(421, "Accounts cannot be checked now; closing.")
/** @since 0.1.0 @category replies */
export const notLoggedIn = always(530, "Log in with USER and PASS first.")
/** @since 0.1.0 @category replies */
export const unknownCommand = always(500, "Unknown command.")
/** @since 0.1.0 @category replies */
export const lineTooLong = always(500, "Command line too long; nothing of it was run.")
/** @since 0.1.0 @category replies */
export const notOffered = (verb: string) => make(502, `${verb} is not offered here.`)
/** @since 0.1.0 @category replies */
export const syntaxError = (syntax: string) => make(501, `Syntax: ${syntax}`)
/** @since 0.1.0 @category replies */
export const badSequence = (text: string) => make(503, text)
/** @since 0.1.0 @category replies */
export const badParameter = (text: string) => make(504, text)
/** @since 0.1.0 @category replies */
export const invalidArgument = (text: string) => make(501, text)
/** @since 0.1.0 @category replies */
export const unsupportedProtocol = always(522, "Network protocol not supported, use (1,2)")
/** @since 0.1.0 @category replies */
export const needDataConnection = always(425, "Use EPSV, PASV, EPRT or PORT first.")
/** @since 0.1.0 @category replies */
export const noDataConnection = (text: string) => make(425, text)
/** @since 0.1.0 @category replies */
export const opening = (text: string) => make(150, text)
/** @since 0.1.0 @category replies */
export const transferDone = always(226, "Transfer complete.")
/** @since 0.1.0 @category replies */
export const transferCut = (text: string) => make(426, text)
/** @since 0.1.0 @category replies */
export const localError = (text: string) => make(451, text)
/** @since 0.1.0 @category replies */
export const aborted = always(226, "ABOR done; no transfer runs.")
/** @since 0.1.0 @category replies */
export const restartAt = (offset: number) => make(350, `Restarting at ${offset}; send the transfer command.`)
/** @since 0.1.0 @category replies */
export const fileStatus = (text: string) => make(213, text)
/** @since 0.1.0 @category replies */
export const fileDone = (text: string) => make(250, text)
/** @since 0.1.0 @category replies */
export const readOnly = always(550, "Permission denied: you have read only access.")
/** Names the permission that is missing, unless nothing that changes files is allowed there. @since 0.1.0 @category replies */
export const denied = (permission: Permission, allowed: ReadonlySet<Permission>) =>
  readOnlyPermissions.has(permission) || [...allowed].some((one) => !readOnlyPermissions.has(one))
    ? make(550, `Permission denied: you may not ${doing[permission]}.`)
    : readOnly

const doing: { readonly [P in Permission]: string } = {
  list: "list",
  read: "read",
  write: "write new files",
  overwrite: "overwrite",
  append: "append",
  delete: "delete",
  rename: "rename",
  mkdir: "make directories (mkdir)",
  rmdir: "remove directories (rmdir)",
  chmod: "set modes (chmod)",
  times: "set times"
}
/** @since 0.1.0 @category replies */
export const refused = (text: string) => make(550, text)
/** @since 0.1.0 @category replies */
export const closing = (text: string) => make(421, text)

/**
 * The one place where a storage fault becomes a reply.
 *
 * @since 0.1.0
 * @category replies
 */
export const ofFault = (fault: FileFault): Reply => faults[fault]

const faults: { readonly [F in FileFault]: Reply } = {
  NotFound: always(550, "No such file or directory."),
  NotADirectory: always(550, "Not a directory."),
  IsADirectory: always(550, "Is a directory."),
  NotAFile: always(550, "Not a regular file."),
  PermissionDenied: always(550, "Permission denied."),
  OutsideRoot: always(550, "The name leads out of the served folder."),
  NameTooLong: always(553, "Name too long."),
  InvalidName: always(553, "Name not allowed."),
  TooManyOpenFiles: always(450, "Too many open files; try again later."),
  Busy: always(450, "File busy; try again later."),
  Exists: always(550, "The name is taken."),
  SameFile: always(550, "Two of the names stand for one file."),
  NotEmpty: always(550, "The directory is not empty."),
  BadRestart: always(554, "The restart marker lies beyond the end of the file."),
  ReadOnlyStorage: always(550, "The storage takes no writes."),
  NoSpace: always(452, "No space left on the storage."),
  QuotaExceeded: always(552, "The quota of the disk is used up."),
  QuotaBytes: always(552, "The account's quota of bytes is used up."),
  QuotaFiles: always(552, "The account's quota of files is used up."),
  TooLarge: always(552, "Larger than a file may be here."),
  TooDense: always(552, "The deflated data unpacks to suspiciously much; send it in MODE S."),
  OtherFileSystem: always(550, "The names lie on different file systems."),
  Unconfirmed: always(451, "Done, but the disk did not confirm it: a power failure may still undo it."),
  Shortened: always(451, "The file became shorter while it was sent; what came is not all of it."),
  TimedOut: always(451, "The storage did not answer in time."),
  Unsupported: always(550, "The storage cannot do that."),
  Io: always(451, "The storage failed.")
}
