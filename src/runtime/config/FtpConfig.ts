import * as Schema from "effect/Schema"
import { TlsPolicy } from "../../domain/Account.ts"

/** A TCP port; 0 lets the operating system choose. @since 0.1.0 @category models */
export const Port = Schema.Int.pipe(Schema.between(0, 65535))

/** An IPv4 address in dotted form. @since 0.1.0 @category models */
export const IPv4 = Schema.String.pipe(
  Schema.pattern(/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/, { identifier: "IPv4" })
)

/** An IPv4 network as `address/bits`. @since 0.1.0 @category models */
export const Network = Schema.String.pipe(
  Schema.pattern(/^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!\/)|(?=\/))){4}\/(?:[12]?\d|3[0-2])$/, {
    identifier: "Network"
  })
)

/**
 * The ports passive listeners are bound to, both ends included; 0-0 lets the operating system choose each listener's port once.
 *
 * @since 0.1.0
 * @category models
 */
export const PortRange = Schema.Struct({ from: Port, to: Port }).pipe(
  Schema.filter(({ from, to }) => from <= to && (from > 0 || to === 0), { identifier: "PortRange" })
)

/** @since 0.1.0 @category models */
export type PortRange = typeof PortRange.Type

/**
 * The IPv4 address PASV announces to clients inside `network` (CIDR), or to everybody else where `network` is absent.
 *
 * @since 0.1.0
 * @category models
 */
export const PassiveAddress = Schema.Struct({
  network: Schema.optionalWith(Network, { exact: true }),
  address: IPv4
})

/** @since 0.1.0 @category models */
export type PassiveAddress = typeof PassiveAddress.Type

/**
 * The least urgent log line that is written; `none` writes nothing.
 *
 * @since 0.1.0
 * @category models
 */
export const LogLevel = Schema.Literal("trace", "debug", "info", "warning", "error", "none")

/** How a log line is written: for people, or one JSON object. @since 0.1.0 @category models */
export const LogFormat = Schema.Literal("pretty", "json")

/** What becomes of an upload that is cut: nothing, or a hidden part to go on with. @since 0.1.0 @category models */
export const PartialUploads = Schema.Literal("discard", "keep")

/** The digest an upload gets while it passes; `auto` is SHA-256 where a program reads the events. @since 0.1.0 @category models */
export const UploadDigest = Schema.Literal("auto", "none", "crc32", "md5", "sha-1", "sha-256", "sha-512")

const limit = Schema.NonNegativeInt

/**
 * What a client must protect with TLS: nothing, its login, or its login and its data.
 *
 * @since 0.1.0
 * @category models
 */
export const TlsRequired = TlsPolicy

/** The oldest version of TLS spoken. @since 0.1.0 @category models */
export const TlsVersion = Schema.Literal("1.2", "1.3")

/**
 * Whether CCC may take TLS off the control connection: never, only where neither the server nor the account requires TLS, or always.
 *
 * @since 0.1.0
 * @category models
 */
export const TlsCcc = Schema.Literal("never", "unless-required", "always")

/** Whether clients are asked for a certificate of their own, and whether they must have one. @since 0.1.0 @category models */
export const TlsClientCert = Schema.Literal("off", "optional", "required")

/** What an upload is that ends without a close_notify: whole, or cut. @since 0.1.0 @category models */
export const TlsCloseNotify = Schema.Literal("accept", "require")

/**
 * Everything a server can be told. Durations are what they say; sizes are bytes.
 *
 * @since 0.1.0
 * @category models
 */
export class FtpConfig extends Schema.Class<FtpConfig>("weft/FtpConfig")({
  /** The folder served. */
  root: Schema.NonEmptyString,
  /** The address listened on; `"::"` is every IPv4 and IPv6 address. */
  host: Schema.NonEmptyString,
  port: Port,
  /** Client pools in all, shared out over the shards. */
  threads: Schema.Int.pipe(Schema.positive()),
  /** Sessions one pool serves at once. */
  clientsPerThread: Schema.Int.pipe(Schema.positive()),
  /** Worker threads; 0 keeps every pool on the main thread. */
  shards: Schema.NonNegativeInt,
  /** Clients that may wait for a slot of one pool. */
  queue: Schema.NonNegativeInt,
  /** How long one may wait there before it is told 421. */
  queueTimeout: Schema.Duration,
  /** What 220 says when a session starts. */
  greeting: Schema.NonEmptyString,
  passivePorts: PortRange,
  /** First match wins; empty announces the address the client connected to. */
  passiveAddress: Schema.Array(PassiveAddress),
  /** The accounts file; "" is none. */
  accounts: Schema.String,
  /** Lets `anonymous` and `ftp` in, read only, beside the accounts of the file; alone, nobody else. */
  anonymous: Schema.Boolean,
  /** Of all clients together; 0 is no limit but the pools' own. */
  maxClients: limit,
  /** 0 is no limit. */
  maxClientsPerAddress: limit,
  /** Sessions of one account, where the account says nothing else; 0 is no limit. */
  maxSessionsPerAccount: limit,
  /** Login attempts of one address in a second; 0 is no limit. */
  loginRate: limit,
  /** Wrong passwords after which an address is banned; 0 is never. */
  banAfter: limit,
  banTime: Schema.Duration,
  /** The file that bans are kept in; "" is none, and then they end with the server. */
  bans: Schema.String,
  /** Commands of one session in a second; faster ones wait. 0 is no limit. */
  commandRate: limit,
  /** Bytes a second of one transfer; 0 is no limit. */
  uploadRate: limit,
  downloadRate: limit,
  /** Bytes of one file; 0 is no limit. */
  maxUploadSize: limit,
  partialUploads: PartialUploads,
  /** An upload is on the disk before it is done. */
  syncUploads: Schema.Boolean,
  uploadDigest: UploadDigest,
  /** The permission bits that new files and directories do not get. */
  umask: Schema.Int.pipe(Schema.between(0, 0o777)),
  idleTimeout: Schema.Duration,
  loginTimeout: Schema.Duration,
  /** From a transfer command to its data connection. */
  dataTimeout: Schema.Duration,
  /** A transfer that moves nothing for this long is cut. */
  stallTimeout: Schema.Duration,
  /** What running transfers get to finish in when the server stops. */
  drainTimeout: Schema.Duration,
  /** Longest command line in bytes. */
  maxLineLength: Schema.Int.pipe(Schema.between(64, 65536)),
  /** PORT and EPRT may name an address other than the client's own (server-to-server transfers). */
  allowForeignActive: Schema.Boolean,
  /** PORT and EPRT may name a port below 1024. */
  allowPrivilegedActive: Schema.Boolean,
  /** A passive data connection may come from an address other than the client's own. */
  allowForeignPassive: Schema.Boolean,
  /** Certificate files with their chains; the first serves clients that name no host. Empty is no TLS but a self-signed one. */
  tlsCert: Schema.Array(Schema.NonEmptyString),
  /** The key file of each certificate, in the same order. */
  tlsKey: Schema.Array(Schema.NonEmptyString),
  /** Makes a certificate for development at the start. */
  tlsSelfSigned: Schema.Boolean,
  /** A second port where TLS begins before the greeting; absent is none. */
  implicitTlsPort: Schema.NullOr(Port),
  tlsRequired: TlsRequired,
  tlsMinVersion: TlsVersion,
  /** OpenSSL's notation; "" is Weft's own choice. */
  tlsCiphers: Schema.String,
  /** A data connection must resume the TLS session of its control connection. */
  tlsRequireReuse: Schema.Boolean,
  /** File of certificates that sign clients'; "" is none. */
  tlsClientCa: Schema.String,
  tlsClientCert: TlsClientCert,
  /** A client whose certificate names the user it gives needs no password. */
  tlsClientLogin: Schema.Boolean,
  tlsCloseNotify: TlsCloseNotify,
  tlsCcc: TlsCcc,
  tlsHandshakeTimeout: Schema.Duration,
  logLevel: LogLevel,
  logFormat: LogFormat
}) {}
