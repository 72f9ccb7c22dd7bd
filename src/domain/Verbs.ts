import * as Argument from "./Argument.ts"
import type { Permission } from "./Permission.ts"

/**
 * One row of the command table: everything the server says or checks about a verb before its handler is asked.
 *
 * @since 0.1.0
 * @category models
 */
export interface Row<A> {
  readonly argument: Argument.Argument<A>
  /** What HELP and the command reference say it does. */
  readonly help: string
  /** Where it is defined. */
  readonly rfc: string
  /** The codes its handling may end in, beside the ones any command may get (see `Command.anyTime`). */
  readonly replies: ReadonlyArray<number>
  /** May be given before login. */
  readonly beforeLogin?: true
  /** Answered while a transfer runs; anything else waits for its end. */
  readonly duringTransfer?: true
  /** What the account must be allowed to do. */
  readonly permission?: Permission
  /** The older spellings that mean the same (RFC 775, RFC 1123 section 4.1.3.1). */
  readonly aliases?: ReadonlyArray<string>
  /** Its lines in the FEAT reply (RFC 2389); MLST's own line is made from the session's selected facts. */
  readonly features?: ReadonlyArray<string>
}

const row = <A>(row: Row<A>): Row<A> => row

const path = Argument.text("pathname")
const optionalPath = Argument.optionalText("pathname")

/**
 * The command table: the one source of the parser, the printer, HELP, FEAT, the command reference and the test arbitraries.
 *
 * @since 0.1.0
 * @category table
 */
export const table = {
  USER: row({
    argument: Argument.text("user name"),
    help: "Say who you are",
    rfc: "RFC 959",
    replies: [331],
    beforeLogin: true
  }),
  PASS: row({
    argument: Argument.secret,
    help: "Prove it",
    rfc: "RFC 959",
    replies: [230, 503, 530, 421],
    beforeLogin: true
  }),
  ACCT: row({
    argument: Argument.text("account"),
    help: "Name an account; none is needed",
    rfc: "RFC 959",
    replies: [202]
  }),
  REIN: row({
    argument: Argument.none,
    help: "Log out and start again",
    rfc: "RFC 959",
    replies: [220],
    beforeLogin: true
  }),
  QUIT: row({
    argument: Argument.none,
    help: "End the session; a running transfer finishes first",
    rfc: "RFC 959",
    replies: [221],
    beforeLogin: true,
    duringTransfer: true
  }),

  PWD: row({
    argument: Argument.none,
    help: "Print the working directory",
    rfc: "RFC 959",
    replies: [257],
    aliases: ["XPWD"]
  }),
  CWD: row({
    argument: path,
    help: "Change the working directory",
    rfc: "RFC 959",
    replies: [250, 450, 451, 553],
    permission: "list",
    aliases: ["XCWD"]
  }),
  CDUP: row({
    argument: Argument.none,
    help: "Change to the parent directory",
    rfc: "RFC 959",
    replies: [250, 450, 451, 553],
    permission: "list",
    aliases: ["XCUP"]
  }),

  TYPE: row({ argument: Argument.type, help: "Set the representation type", rfc: "RFC 959", replies: [200, 504] }),
  STRU: row({
    argument: Argument.letter("F", "R", "P"),
    help: "Set the file structure",
    rfc: "RFC 959",
    replies: [200, 504]
  }),
  MODE: row({
    argument: Argument.letter("S", "B", "C"),
    help: "Set the transfer mode",
    rfc: "RFC 959",
    replies: [200, 504]
  }),

  PORT: row({
    argument: Argument.hostPort,
    help: "Name the IPv4 port to connect to",
    rfc: "RFC 959",
    replies: [200, 503, 504]
  }),
  PASV: row({
    argument: Argument.none,
    help: "Listen for the data connection (IPv4)",
    rfc: "RFC 959",
    replies: [227, 425, 503]
  }),
  EPRT: row({
    argument: Argument.extendedHostPort,
    help: "Name the IPv4 or IPv6 port to connect to",
    rfc: "RFC 2428",
    replies: [200, 503, 504, 522],
    features: ["EPRT"]
  }),
  EPSV: row({
    argument: Argument.extendedPassive,
    help: "Listen for the data connection (IPv4 and IPv6)",
    rfc: "RFC 2428",
    replies: [200, 229, 425, 522],
    features: ["EPSV"]
  }),

  RETR: row({
    argument: path,
    help: "Retrieve a file",
    rfc: "RFC 959",
    replies: [150, 226, 425, 426, 450, 451, 553, 554],
    permission: "read"
  }),
  REST: row({
    argument: Argument.bytes("offset"),
    help: "Start the next transfer at an offset in bytes",
    rfc: "RFC 3659",
    replies: [350],
    features: ["REST STREAM"]
  }),
  LIST: row({
    argument: optionalPath,
    help: "List a directory as ls -l does",
    rfc: "RFC 959",
    replies: [150, 226, 425, 426, 450, 451, 553],
    permission: "list"
  }),
  NLST: row({
    argument: optionalPath,
    help: "List the names in a directory",
    rfc: "RFC 959",
    replies: [150, 226, 425, 426, 450, 451, 553],
    permission: "list"
  }),
  MLSD: row({
    argument: optionalPath,
    help: "List a directory for programs",
    rfc: "RFC 3659",
    replies: [150, 226, 425, 426, 450, 451, 501, 553],
    permission: "list"
  }),
  MLST: row({
    argument: optionalPath,
    help: "Show one file's facts for programs",
    rfc: "RFC 3659",
    replies: [250, 450, 451, 553],
    permission: "list",
    features: ["MLST", "TVFS"]
  }),
  STAT: row({
    argument: optionalPath,
    help: "Show the session's or a transfer's status, or list a path",
    rfc: "RFC 959",
    replies: [211, 213, 450, 451, 553],
    beforeLogin: true,
    duringTransfer: true
  }),
  SIZE: row({
    argument: path,
    help: "Show a file's size in bytes",
    rfc: "RFC 3659",
    replies: [213, 450, 451, 553],
    permission: "list",
    features: ["SIZE"]
  }),
  MDTM: row({
    argument: path,
    help: "Show a file's modification time",
    rfc: "RFC 3659",
    replies: [213, 450, 451, 553],
    permission: "list",
    features: ["MDTM"]
  }),
  ABOR: row({
    argument: Argument.none,
    help: "Cut the running transfer",
    rfc: "RFC 959",
    replies: [226],
    duringTransfer: true
  }),

  FEAT: row({
    argument: Argument.none,
    help: "List the extensions",
    rfc: "RFC 2389",
    replies: [211],
    beforeLogin: true
  }),
  OPTS: row({
    argument: Argument.word("command"),
    help: "Set options of a command",
    rfc: "RFC 2389",
    replies: [200],
    beforeLogin: true,
    features: ["UTF8"]
  }),
  HELP: row({
    argument: Argument.optionalText("command"),
    help: "List the commands, or explain one",
    rfc: "RFC 959",
    replies: [214, 502],
    beforeLogin: true
  }),
  SITE: row({
    argument: Argument.word("command"),
    help: "Commands of this server: HELP",
    rfc: "RFC 959",
    replies: [214]
  }),
  SYST: row({ argument: Argument.none, help: "Name the system", rfc: "RFC 959", replies: [215], beforeLogin: true }),
  NOOP: row({
    argument: Argument.optionalText("anything"),
    help: "Do nothing, politely",
    rfc: "RFC 959",
    replies: [200],
    beforeLogin: true,
    duringTransfer: true
  }),
  ALLO: row({
    argument: Argument.text("bytes"),
    help: "Reserve room; none is needed",
    rfc: "RFC 959",
    replies: [202]
  }),
  CLNT: row({
    argument: Argument.text("client name"),
    help: "Name the client program",
    rfc: "in use, without an RFC",
    replies: [200],
    beforeLogin: true,
    features: ["CLNT"]
  }),

  STOR: row({ argument: path, help: "Store a file", rfc: "RFC 959", replies: [], permission: "write" }),
  STOU: row({
    argument: optionalPath,
    help: "Store a file under a new name",
    rfc: "RFC 959",
    replies: [],
    permission: "write"
  }),
  APPE: row({ argument: path, help: "Append to a file", rfc: "RFC 959", replies: [], permission: "append" }),
  DELE: row({ argument: path, help: "Delete a file", rfc: "RFC 959", replies: [], permission: "delete" }),
  MKD: row({
    argument: path,
    help: "Make a directory",
    rfc: "RFC 959",
    replies: [],
    permission: "mkdir",
    aliases: ["XMKD"]
  }),
  RMD: row({
    argument: path,
    help: "Remove a directory",
    rfc: "RFC 959",
    replies: [],
    permission: "rmdir",
    aliases: ["XRMD"]
  }),
  RNFR: row({ argument: path, help: "Rename: the old name", rfc: "RFC 959", replies: [], permission: "rename" }),
  RNTO: row({ argument: path, help: "Rename: the new name", rfc: "RFC 959", replies: [], permission: "rename" }),
  MFMT: row({
    argument: Argument.text("time> <SP> <pathname"),
    help: "Set a file's modification time",
    rfc: "draft-somers-ftp-mfxx",
    replies: [],
    permission: "times"
  })
} as const

/**
 * Verbs that RFCs and clients know and this server has none of: they get 502, and any other word gets 500.
 *
 * @since 0.1.0
 * @category table
 */
export const notOffered: ReadonlySet<string> = new Set(
  (
    "SMNT AUTH PBSZ PROT CCC ADAT MIC CONF ENC HOST LANG HASH RANG XCRC XMD5 XSHA XSHA1 XSHA256 XSHA512 MD5 MMD5 " +
    "MFF MFCT COMB AVBL CSID LPRT LPSV SPSV PRET ESTA ESTP THMB DSIZ MACB TCMD XRCP XRSQ XSEM XSEN " +
    "MLFL MAIL MSND MSOM MSAM MRSQ MRCP"
  ).split(" ")
)
