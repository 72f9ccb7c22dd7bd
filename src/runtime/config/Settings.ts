import * as Duration from "effect/Duration"
import * as Codecs from "./Codecs.ts"
import * as FtpConfig from "./FtpConfig.ts"
import type { AnySetting, Facts, Key, Setting } from "./Setting.ts"
import { tlsSettings } from "./TlsSettings.ts"

const shards = ({ given, parallelism }: Facts): number => Math.min(parallelism, given.threads ?? parallelism)

/**
 * The one table of settings.
 *
 * @since 0.1.0
 * @category table
 */
export const settings: { readonly [K in Key]: Setting<K> } = {
  root: {
    key: "root",
    flag: "--root",
    variable: "WEFT_ROOT",
    metavar: "FOLDER",
    codec: Codecs.folder,
    fallback: () => "FTP_FILES",
    description: "The folder served"
  },
  host: {
    key: "host",
    flag: "--host",
    variable: "WEFT_HOST",
    metavar: "ADDRESS",
    codec: Codecs.host,
    fallback: () => "::",
    description: 'The address listened on; "::" is every IPv4 and IPv6 address'
  },
  port: {
    key: "port",
    flag: "--port",
    alias: "p",
    variable: "WEFT_PORT",
    metavar: "PORT",
    codec: Codecs.port,
    fallback: () => 2121,
    description: "The port listened on; 0 lets the system choose"
  },
  threads: {
    key: "threads",
    flag: "--threads",
    variable: "WEFT_THREADS",
    metavar: "COUNT",
    codec: Codecs.whole(1, 4096),
    fallback: (facts) => 4 * Math.max(1, facts.given.shards ?? shards(facts)),
    fallbackText: "4 for each shard",
    description: "Client pools in all, shared out over the shards"
  },
  clientsPerThread: {
    key: "clientsPerThread",
    flag: "--clients-per-thread",
    variable: "WEFT_CLIENTS_PER_THREAD",
    metavar: "COUNT",
    codec: Codecs.whole(1, 100_000),
    fallback: () => 200,
    description: "Sessions one client pool serves at once"
  },
  shards: {
    key: "shards",
    flag: "--shards",
    variable: "WEFT_SHARDS",
    metavar: "COUNT",
    codec: Codecs.whole(0, 1024),
    fallback: shards,
    fallbackText: "one for each processor, at most as many as threads",
    description: "Worker threads; 0 keeps every pool on the main thread"
  },
  queue: {
    key: "queue",
    flag: "--queue",
    variable: "WEFT_QUEUE",
    metavar: "COUNT",
    codec: Codecs.whole(0, 100_000),
    fallback: () => 16,
    description: "Clients that may wait for a slot of one pool; more are told 421"
  },
  queueTimeout: {
    key: "queueTimeout",
    flag: "--queue-timeout",
    variable: "WEFT_QUEUE_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.grace,
    fallback: () => Duration.seconds(10),
    description: "How long a client may wait for a slot before it is told 421"
  },
  greeting: {
    key: "greeting",
    flag: "--greeting",
    variable: "WEFT_GREETING",
    metavar: "TEXT",
    codec: Codecs.line,
    fallback: () => "Weft FTP server ready.",
    description: "What the server says when a session starts"
  },
  passivePorts: {
    key: "passivePorts",
    flag: "--passive-ports",
    variable: "WEFT_PASSIVE_PORTS",
    metavar: "FROM-TO",
    codec: Codecs.portRange,
    fallback: () => ({ from: 50_000, to: 50_255 }),
    description: "The ports of passive data connections; 0-0 lets the system choose"
  },
  passiveAddress: {
    key: "passiveAddress",
    flag: "--passive-address",
    variable: "WEFT_PASSIVE_ADDRESS",
    metavar: "RULES",
    codec: Codecs.passiveAddress,
    fallback: () => [],
    description:
      "The IPv4 address PASV announces, by client network where rules say so; none is the address the client connected to"
  },
  accounts: {
    key: "accounts",
    flag: "--accounts",
    variable: "WEFT_ACCOUNTS",
    metavar: "FILE",
    codec: Codecs.optionalFile,
    fallback: () => "",
    description: "The accounts file, made by weft account; without one anybody may read"
  },
  anonymous: {
    key: "anonymous",
    flag: "--anonymous",
    variable: "WEFT_ANONYMOUS",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "Lets anonymous and ftp read without a password, beside the accounts of the file"
  },
  maxClients: {
    key: "maxClients",
    flag: "--max-clients",
    variable: "WEFT_MAX_CLIENTS",
    metavar: "COUNT",
    codec: Codecs.whole(0, 10_000_000),
    fallback: () => 0,
    description: "Clients at once in all; 0 is no limit but the room in the pools"
  },
  maxClientsPerAddress: {
    key: "maxClientsPerAddress",
    flag: "--max-clients-per-address",
    variable: "WEFT_MAX_CLIENTS_PER_ADDRESS",
    metavar: "COUNT",
    codec: Codecs.whole(0, 1_000_000),
    fallback: () => 0,
    description: "Sessions one client address may have at once; 0 is no limit"
  },
  maxSessionsPerAccount: {
    key: "maxSessionsPerAccount",
    flag: "--max-sessions-per-account",
    variable: "WEFT_MAX_SESSIONS_PER_ACCOUNT",
    metavar: "COUNT",
    codec: Codecs.whole(0, 1_000_000),
    fallback: () => 0,
    description: "Sessions one account may have at once unless it says otherwise; 0 is no limit"
  },
  loginRate: {
    key: "loginRate",
    flag: "--login-rate",
    variable: "WEFT_LOGIN_RATE",
    metavar: "COUNT",
    codec: Codecs.whole(0, 1_000_000),
    fallback: () => 0,
    description: "Logins one client address may try in a second; 0 is no limit"
  },
  banAfter: {
    key: "banAfter",
    flag: "--ban-after",
    variable: "WEFT_BAN_AFTER",
    metavar: "COUNT",
    codec: Codecs.whole(0, 1_000_000),
    fallback: () => 15,
    description: "Wrong passwords after which an address is told 421 for a while; 0 is never"
  },
  banTime: {
    key: "banTime",
    flag: "--ban-time",
    variable: "WEFT_BAN_TIME",
    metavar: "TIME",
    codec: Codecs.timeout,
    fallback: () => Duration.minutes(10),
    description: "How long that while is, and how long a wrong password is remembered"
  },
  bans: {
    key: "bans",
    flag: "--bans",
    variable: "WEFT_BANS",
    metavar: "FILE",
    codec: Codecs.optionalFile,
    fallback: () => "",
    description: "The file that bans are kept in, so that they outlast the server and weft ban can list and lift them"
  },
  commandRate: {
    key: "commandRate",
    flag: "--command-rate",
    variable: "WEFT_COMMAND_RATE",
    metavar: "COUNT",
    codec: Codecs.whole(0, 1_000_000),
    fallback: () => 0,
    description: "Commands of one session heard in a second; others wait, ten seconds' worth at most; 0 is no limit"
  },
  uploadRate: {
    key: "uploadRate",
    flag: "--upload-rate",
    variable: "WEFT_UPLOAD_RATE",
    metavar: "BYTES",
    codec: Codecs.bytes,
    fallback: () => 0,
    description: "Bytes a second one upload may take"
  },
  downloadRate: {
    key: "downloadRate",
    flag: "--download-rate",
    variable: "WEFT_DOWNLOAD_RATE",
    metavar: "BYTES",
    codec: Codecs.bytes,
    fallback: () => 0,
    description: "Bytes a second one download may take"
  },
  maxUploadSize: {
    key: "maxUploadSize",
    flag: "--max-upload-size",
    variable: "WEFT_MAX_UPLOAD_SIZE",
    metavar: "BYTES",
    codec: Codecs.bytes,
    fallback: () => 0,
    description: "The largest file taken"
  },
  partialUploads: {
    key: "partialUploads",
    flag: "--partial-uploads",
    variable: "WEFT_PARTIAL_UPLOADS",
    metavar: "POLICY",
    codec: Codecs.oneOf(FtpConfig.PartialUploads),
    fallback: () => "discard",
    description: "What becomes of an upload that is cut: nothing, or a hidden part that the client can go on with"
  },
  syncUploads: {
    key: "syncUploads",
    flag: "--sync-uploads",
    variable: "WEFT_SYNC_UPLOADS",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => true,
    description: "An upload is written through to the disk before the client is told that it is done"
  },
  uploadDigest: {
    key: "uploadDigest",
    flag: "--upload-digest",
    variable: "WEFT_UPLOAD_DIGEST",
    metavar: "ALGORITHM",
    codec: Codecs.oneOf(FtpConfig.UploadDigest),
    fallback: () => "auto",
    description:
      "The digest of each upload in log and events, computed while it passes; with auto SHA-256, but not for the log alone"
  },
  umask: {
    key: "umask",
    flag: "--umask",
    variable: "WEFT_UMASK",
    metavar: "BITS",
    codec: Codecs.octal,
    fallback: () => 0o022,
    description: "The permission bits that new files and directories do not get"
  },
  idleTimeout: {
    key: "idleTimeout",
    flag: "--idle-timeout",
    variable: "WEFT_IDLE_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.timeout,
    fallback: () => Duration.minutes(5),
    description: "How long a session may send no command while nothing is transferred"
  },
  loginTimeout: {
    key: "loginTimeout",
    flag: "--login-timeout",
    variable: "WEFT_LOGIN_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.timeout,
    fallback: () => Duration.seconds(60),
    description: "How long a client may take to log in"
  },
  dataTimeout: {
    key: "dataTimeout",
    flag: "--data-timeout",
    variable: "WEFT_DATA_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.timeout,
    fallback: () => Duration.seconds(30),
    description: "How long a transfer command waits for its data connection"
  },
  stallTimeout: {
    key: "stallTimeout",
    flag: "--stall-timeout",
    variable: "WEFT_STALL_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.timeout,
    fallback: () => Duration.minutes(5),
    description: "How long a transfer may move nothing before it is cut"
  },
  drainTimeout: {
    key: "drainTimeout",
    flag: "--drain-timeout",
    variable: "WEFT_DRAIN_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.grace,
    fallback: () => Duration.seconds(30),
    description: "What running transfers get to finish in when the server stops"
  },
  maxLineLength: {
    key: "maxLineLength",
    flag: "--max-line-length",
    variable: "WEFT_MAX_LINE_LENGTH",
    metavar: "BYTES",
    codec: Codecs.whole(64, 65_536),
    fallback: () => 4096,
    description: "The longest command line taken"
  },
  allowForeignActive: {
    key: "allowForeignActive",
    flag: "--allow-foreign-active",
    variable: "WEFT_ALLOW_FOREIGN_ACTIVE",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "PORT and EPRT may name an address other than the client's own"
  },
  allowPrivilegedActive: {
    key: "allowPrivilegedActive",
    flag: "--allow-privileged-active",
    variable: "WEFT_ALLOW_PRIVILEGED_ACTIVE",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "PORT and EPRT may name a port below 1024"
  },
  allowForeignPassive: {
    key: "allowForeignPassive",
    flag: "--allow-foreign-passive",
    variable: "WEFT_ALLOW_FOREIGN_PASSIVE",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "A passive data connection may come from an address other than the client's own"
  },
  ...tlsSettings,
  logLevel: {
    key: "logLevel",
    flag: "--log-level",
    alias: "l",
    variable: "WEFT_LOG_LEVEL",
    metavar: "LEVEL",
    codec: Codecs.oneOf(FtpConfig.LogLevel),
    fallback: () => "info",
    description: "The least urgent log line written"
  },
  logFormat: {
    key: "logFormat",
    flag: "--log-format",
    variable: "WEFT_LOG_FORMAT",
    metavar: "FORMAT",
    codec: Codecs.oneOf(FtpConfig.LogFormat),
    fallback: () => "pretty",
    description: "How log lines are written: for people, or a JSON object each"
  }
}

/** The rows in the order they are shown in. @since 0.1.0 @category table */
export const all: ReadonlyArray<AnySetting> = Object.values(settings)

/**
 * A whole configuration: what was given, and the defaults of the rest.
 *
 * @since 0.1.0
 * @category constructors
 */
export const complete = (given: Facts["given"], parallelism: number): FtpConfig.FtpConfig => {
  const defaults = Object.fromEntries(all.map(({ fallback, key }) => [key, fallback({ parallelism, given })]))
  return new FtpConfig.FtpConfig({ ...defaults, ...given } as FtpConfig.FtpConfig)
}

/** A value of a setting as it could be written in a flag. @since 0.1.0 @category rendering */
export const print = <K extends Key>(key: K, config: { readonly [P in K]: FtpConfig.FtpConfig[P] }): string =>
  settings[key].codec.print(config[key])

/** A setting's default, in words where it is not the same everywhere. @since 0.1.0 @category rendering */
export const defaultText = <K extends Key>(key: K): string =>
  settings[key].fallbackText ?? settings[key].codec.print(settings[key].fallback({ parallelism: 1, given: {} }))
