import * as Argument from "./Argument.ts"
import * as FileArgument from "./FileArgument.ts"
import { row } from "./Row.ts"
import { site } from "./SiteArgument.ts"

const path = Argument.text("pathname")
const optionalPath = Argument.optionalText("pathname")

/** What a change to files may end in beside success. */
const changing = [450, 451, 452, 552, 553] as const

const storing = [150, 226, 425, 426, 554, 521, 522, ...changing] as const

const digest = (name: string, aliases: ReadonlyArray<string> = []) =>
  row(
    FileArgument.part,
    `Show the ${name} of a file or of a part of it`,
    "in use, without an RFC",
    [250, 450, 451, 553, 554],
    {
      permission: "read",
      aliases,
      features: [`X${name.replace("-", "")}`]
    }
  )

/**
 * The command table: the one source of the parser, the printer, HELP, FEAT, the command reference and the test arbitraries.
 *
 * @since 0.1.0
 * @category table
 */
export const table = {
  USER: row(Argument.text("user name"), "Say who you are", "RFC 959", [331, 232], { beforeLogin: true }),
  PASS: row(Argument.secret, "Prove it", "RFC 959", [230, 503, 530, 421], { beforeLogin: true }),
  ACCT: row(Argument.text("account"), "Name an account; none is needed", "RFC 959", [202]),
  REIN: row(Argument.none, "Log out and start again", "RFC 959", [220], { beforeLogin: true }),
  QUIT: row(Argument.none, "End the session; a running transfer finishes first", "RFC 959", [221], {
    beforeLogin: true,
    duringTransfer: true
  }),

  AUTH: row(Argument.text("mechanism"), "Begin TLS on the control connection", "RFC 4217", [234, 504], {
    beforeLogin: true,
    needsTls: true,
    features: ["AUTH TLS"]
  }),
  PBSZ: row(Argument.bytes("size"), "Agree on a buffer size, which is 0 with TLS", "RFC 4217", [200], {
    beforeLogin: true,
    needsTls: true,
    features: ["PBSZ"]
  }),
  PROT: row(Argument.text("level"), "Protect data connections (P) or not (C)", "RFC 4217", [200, 504, 534, 536], {
    beforeLogin: true,
    needsTls: true,
    features: ["PROT"]
  }),
  CCC: row(Argument.none, "Take TLS off the control connection, where allowed", "RFC 4217", [200, 533, 534], {
    beforeLogin: true,
    needsTls: true
  }),

  PWD: row(Argument.none, "Print the working directory", "RFC 959", [257], { aliases: ["XPWD"] }),
  CWD: row(path, "Change the working directory", "RFC 959", [250, 450, 451, 553], {
    permission: "list",
    aliases: ["XCWD"]
  }),
  CDUP: row(Argument.none, "Change to the parent directory", "RFC 959", [250, 450, 451, 553], {
    permission: "list",
    aliases: ["XCUP"]
  }),

  TYPE: row(Argument.type, "Set the representation type", "RFC 959", [200, 504]),
  STRU: row(Argument.letter("F", "R", "P"), "Set the file structure", "RFC 959", [200, 504]),
  MODE: row(Argument.letter("S", "B", "C", "Z"), "Set the transfer mode", "RFC 959", [200, 504], {
    features: ["MODE Z"]
  }),

  PORT: row(Argument.hostPort, "Name the IPv4 port to connect to", "RFC 959", [200, 503, 504]),
  PASV: row(Argument.none, "Listen for the data connection (IPv4)", "RFC 959", [227, 425, 503]),
  EPRT: row(Argument.extendedHostPort, "Name the IPv4 or IPv6 port to connect to", "RFC 2428", [200, 503, 504, 522], {
    features: ["EPRT"]
  }),
  EPSV: row(
    Argument.extendedPassive,
    "Listen for the data connection (IPv4 and IPv6)",
    "RFC 2428",
    [200, 229, 425, 522],
    { features: ["EPSV"] }
  ),

  RETR: row(path, "Retrieve a file", "RFC 959", [150, 226, 425, 426, 450, 451, 553, 554, 521, 522], {
    permission: "read"
  }),
  RANG: row(Argument.range, "Let the next RETR or HASH be about a part of the file", "draft-bryan-ftp-range", [350], {
    features: ["RANG STREAM"]
  }),
  REST: row(Argument.bytes("offset"), "Start the next transfer at an offset in bytes", "RFC 3659", [350], {
    features: ["REST STREAM"]
  }),
  LIST: row(optionalPath, "List a directory as ls -l does", "RFC 959", [150, 226, 425, 426, 450, 451, 553, 521, 522], {
    permission: "list"
  }),
  NLST: row(optionalPath, "List the names in a directory", "RFC 959", [150, 226, 425, 426, 450, 451, 553, 521, 522], {
    permission: "list"
  }),
  MLSD: row(
    optionalPath,
    "List a directory for programs",
    "RFC 3659",
    [150, 226, 425, 426, 450, 451, 501, 553, 521, 522],
    {
      permission: "list"
    }
  ),
  MLST: row(optionalPath, "Show one file's facts for programs", "RFC 3659", [250, 450, 451, 553], {
    permission: "list",
    features: ["MLST", "TVFS"]
  }),
  STAT: row(
    optionalPath,
    "Show the session's or a transfer's status, or list a path",
    "RFC 959",
    [211, 213, 450, 451, 553],
    { beforeLogin: true, duringTransfer: true }
  ),
  SIZE: row(path, "Show a file's size in bytes", "RFC 3659", [213, 450, 451, 553], {
    permission: "list",
    features: ["SIZE"]
  }),
  MDTM: row(FileArgument.maybeTimed, "Show or set a file's modification time", "RFC 3659", [213, ...changing], {
    permission: "list",
    features: ["MDTM"]
  }),
  ABOR: row(Argument.none, "Cut the running transfer", "RFC 959", [226], { duringTransfer: true }),

  FEAT: row(Argument.none, "List the extensions", "RFC 2389", [211], { beforeLogin: true }),
  OPTS: row(Argument.word("command"), "Set options of a command", "RFC 2389", [200], {
    beforeLogin: true,
    features: ["UTF8"]
  }),
  HELP: row(Argument.optionalText("command"), "List the commands, or explain one", "RFC 959", [214, 502], {
    beforeLogin: true
  }),
  SITE: row(site, "Commands of this server", "RFC 959", [200, 214, ...changing]),
  SYST: row(Argument.none, "Name the system", "RFC 959", [215], { beforeLogin: true }),
  NOOP: row(Argument.optionalText("anything"), "Do nothing, politely", "RFC 959", [200], {
    beforeLogin: true,
    duringTransfer: true
  }),
  CLNT: row(Argument.text("client name"), "Name the client program", "in use, without an RFC", [200], {
    beforeLogin: true,
    features: ["CLNT"]
  }),
  CSID: row(
    Argument.text("name=value; ..."),
    "Name the client program, and learn the server's name",
    "in use, without an RFC",
    [200],
    {
      beforeLogin: true,
      features: ["CSID"]
    }
  ),
  HOST: row(Argument.text("host name"), "Name the host you mean; before USER", "RFC 7151", [220, 503, 504], {
    beforeLogin: true,
    features: ["HOST"]
  }),
  LANG: row(
    Argument.optionalText("language"),
    "Choose the language of replies; English is the one",
    "RFC 2640",
    [200, 504],
    {
      beforeLogin: true,
      features: ["LANG EN*"]
    }
  ),

  STOR: row(path, "Store a file", "RFC 959", storing, { permission: "write" }),
  STOU: row(optionalPath, "Store a file under a new name", "RFC 959", storing, { permission: "write" }),
  APPE: row(path, "Append to a file", "RFC 959", storing, { permission: "append" }),
  ALLO: row(Argument.allocation, "Ask whether there is room for so many bytes", "RFC 959", [200, ...changing]),
  AVBL: row(
    optionalPath,
    "Show how many bytes there is room for",
    "draft-peterson-streamlined-ftp-command-extensions",
    [213, 450, 451, 553],
    {
      permission: "list",
      features: ["AVBL"]
    }
  ),
  COMB: row(
    FileArgument.parts,
    "Put files behind a file, and take them away",
    "in use, without an RFC",
    [250, ...changing],
    {
      permission: "append",
      features: ["COMB"]
    }
  ),
  DELE: row(path, "Delete a file", "RFC 959", [250, ...changing], { permission: "delete" }),
  MKD: row(path, "Make a directory", "RFC 959", [257, ...changing], { permission: "mkdir", aliases: ["XMKD"] }),
  RMD: row(path, "Remove a directory", "RFC 959", [250, ...changing], { permission: "rmdir", aliases: ["XRMD"] }),
  RNFR: row(path, "Rename: the old name", "RFC 959", [350, 450, 451, 553], { permission: "rename" }),
  RNTO: row(path, "Rename: the new name", "RFC 959", [250, ...changing], { permission: "rename" }),
  MFMT: row(FileArgument.timed, "Set a file's modification time", "draft-somers-ftp-mfxx", [213, ...changing], {
    permission: "times",
    features: ["MFMT"]
  }),
  MFF: row(FileArgument.facts, "Set facts of a file", "draft-somers-ftp-mfxx", [213, 504, ...changing], {
    permission: "times",
    features: ["MFF Modify;UNIX.mode;"]
  }),

  HASH: row(
    path,
    "Show the digest of a file, or of the part RANG named",
    "draft-bryan-ftpext-hash",
    [213, 450, 451, 553, 554],
    {
      permission: "read",
      features: ["HASH"]
    }
  ),
  XCRC: digest("CRC"),
  XMD5: digest("MD5"),
  XSHA1: digest("SHA-1", ["XSHA"]),
  XSHA256: digest("SHA-256"),
  XSHA512: digest("SHA-512")
} as const

/**
 * Verbs that RFCs and clients know and this server has none of: they get 502, and any other word gets 500.
 *
 * @since 0.1.0
 * @category table
 */
export const notOffered: ReadonlySet<string> = new Set(
  (
    "SMNT ADAT MIC CONF ENC MD5 MMD5 MFCT LPRT LPSV SPSV PRET ESTA ESTP " +
    "THMB DSIZ MACB TCMD XRCP XRSQ XSEM XSEN MLFL MAIL MSND MSOM MSAM MRSQ MRCP"
  ).split(" ")
)

/**
 * The first words of other protocols, from browsers and mail clients.
 *
 * @since 0.1.0
 * @category table
 */
export const foreign: ReadonlySet<string> = new Set(
  "GET HEAD POST PUT PATCH DELETE OPTIONS TRACE CONNECT PRI HELO EHLO LHLO RCPT DATA RSET STARTTLS".split(" ")
)
