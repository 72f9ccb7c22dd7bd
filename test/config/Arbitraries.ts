import * as Duration from "effect/Duration"
import * as FastCheck from "effect/FastCheck"
import type { FtpConfig } from "../../src/runtime/config/FtpConfig.ts"
import type { Key } from "../../src/runtime/config/Setting.ts"

const integer = (min: number, max: number) => FastCheck.integer({ min, max })

const duration = (min: number) =>
  FastCheck.oneof(integer(min, 5000), integer(min, 24 * 86_400_000)).map(Duration.millis)

const ipv4 = FastCheck.ipV4()

const range = FastCheck.tuple(integer(2200, 60_000), integer(64, 5_000)).map(([from, more]) => ({
  from,
  to: from + more
}))

const rule = FastCheck.record({
  network: FastCheck.tuple(ipv4, integer(0, 32)).map(([address, bits]) => `${address}/${bits}`),
  address: ipv4
})

const rules = FastCheck.tuple(FastCheck.array(rule, { maxLength: 4 }), FastCheck.option(ipv4)).map(([some, last]) =>
  last === null ? some : [...some, { address: last }]
)

const optionalFile = FastCheck.oneof(FastCheck.constant(""), FastCheck.fullUnicodeString()).filter(
  (text) => !text.includes("\0") && text.toLowerCase() !== "none"
)

const bytes = FastCheck.oneof(
  integer(0, 10_000_000),
  FastCheck.maxSafeNat(),
  FastCheck.tuple(integer(1, 1023), integer(1, 4)).map(([amount, exponent]) => amount * 1024 ** exponent)
)

const count = integer(0, 1_000_000)

/** A good value of each setting, of the kind that never conflicts with any value of another. */
export const values: { readonly [K in Key]: FastCheck.Arbitrary<FtpConfig[K]> } = {
  root: FastCheck.fullUnicodeString({ minLength: 1 }).filter((text) => !text.includes("\0")),
  host: FastCheck.oneof(ipv4, FastCheck.ipV6(), FastCheck.domain(), FastCheck.constant("localhost")),
  port: integer(0, 1023),
  threads: integer(64, 4096),
  clientsPerThread: integer(1, 100_000),
  shards: integer(0, 64),
  queue: integer(0, 100_000),
  queueTimeout: duration(0),
  greeting: FastCheck.fullUnicodeString({ minLength: 1 }).filter((text) => !/\p{Cc}/u.test(text)),
  passivePorts: FastCheck.oneof(range, FastCheck.constant({ from: 0, to: 0 })),
  passiveAddress: rules,
  accounts: optionalFile,
  anonymous: FastCheck.boolean(),
  maxClients: integer(0, 10_000_000),
  maxClientsPerAddress: count,
  maxSessionsPerAccount: count,
  loginRate: count,
  banAfter: count,
  banTime: duration(1),
  bans: optionalFile,
  commandRate: count,
  uploadRate: bytes,
  downloadRate: bytes,
  maxUploadSize: bytes,
  partialUploads: FastCheck.constantFrom("discard", "keep"),
  syncUploads: FastCheck.boolean(),
  uploadDigest: FastCheck.constantFrom("auto", "none", "crc32", "md5", "sha-1", "sha-256", "sha-512"),
  umask: integer(0, 0o777),
  idleTimeout: duration(1),
  loginTimeout: duration(1),
  dataTimeout: duration(1),
  stallTimeout: duration(1),
  drainTimeout: duration(0),
  maxLineLength: integer(64, 65_536),
  allowForeignActive: FastCheck.boolean(),
  allowPrivilegedActive: FastCheck.boolean(),
  allowForeignPassive: FastCheck.boolean(),
  tlsCert: FastCheck.constant([]),
  tlsKey: FastCheck.constant([]),
  tlsSelfSigned: FastCheck.boolean(),
  implicitTlsPort: FastCheck.constant(null),
  tlsRequired: FastCheck.constant("none"),
  tlsMinVersion: FastCheck.constantFrom("1.2", "1.3"),
  tlsCiphers: FastCheck.constantFrom("", "ECDHE+AESGCM", "HIGH:!aNULL"),
  tlsRequireReuse: FastCheck.boolean(),
  tlsClientCa: FastCheck.constant(""),
  tlsClientCert: FastCheck.constant("off"),
  tlsClientLogin: FastCheck.constant(false),
  tlsCloseNotify: FastCheck.constantFrom("accept", "require"),
  tlsCcc: FastCheck.constantFrom("never", "unless-required", "always"),
  tlsHandshakeTimeout: duration(1),
  logLevel: FastCheck.constantFrom("trace", "debug", "info", "warning", "error", "none"),
  logFormat: FastCheck.constantFrom("pretty", "json")
}
