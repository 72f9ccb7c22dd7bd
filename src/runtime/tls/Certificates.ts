import * as Crypto from "node:crypto"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Effect from "effect/Effect"
import type { FtpConfig } from "../config/FtpConfig.ts"
import * as TlsContext from "../platform/TlsContext.ts"
import { type Material, MaterialError } from "./Material.ts"
import * as SelfSigned from "./SelfSigned.ts"

/**
 * What there is to say of one certificate.
 *
 * @since 0.1.0
 * @category models
 */
export interface Shown {
  /** "" for one made at the start. */
  readonly file: string
  readonly subject: string
  readonly names: ReadonlyArray<string>
  /** `ec prime256v1`, `rsa 2048`, `ed25519`. */
  readonly keyType: string
  /** Milliseconds since the epoch. */
  readonly expires: number
}

/**
 * What the files of a configuration hold, after everything about them was checked. `warnings` are about what works and should not
 * stay so.
 *
 * @since 0.1.0
 * @category models
 */
export interface Loaded {
  readonly identities: Material["identities"]
  readonly clientCa: string
  readonly shown: ReadonlyArray<Shown>
  readonly warnings: ReadonlyArray<string>
}

/** What of a configuration is about TLS. @since 0.1.0 @category models */
export type Settings = Pick<
  FtpConfig,
  "tlsCert" | "tlsKey" | "tlsSelfSigned" | "tlsClientCa" | "tlsClientCert" | "tlsMinVersion" | "tlsCiphers"
>

const day = 86_400_000
const soon = 21 * day

const problems: Record<string, string> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EISDIR: "a folder, expected a file",
  EACCES: "permission denied: this user may not read it",
  EPERM: "permission denied: this user may not read it"
}

type Setting = MaterialError["setting"]

const fail = (setting: Setting, file: string, problem: string): never => {
  throw new MaterialError({ setting, file, problem })
}

const read = (setting: Setting, file: string): string => {
  try {
    return Fs.readFileSync(file, "utf8")
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? ""
    return fail(setting, file, problems[code] ?? `cannot be read (${code})`)
  }
}

const block = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

const certificates = (setting: Setting, file: string, text: string): ReadonlyArray<Crypto.X509Certificate> => {
  const found = text.match(block) ?? []
  if (found.length === 0) return fail(setting, file, "no certificate in it, expected -----BEGIN CERTIFICATE-----")
  return found.map((pem, index) => {
    try {
      return new Crypto.X509Certificate(pem)
    } catch {
      return fail(setting, file, `certificate ${index + 1} in it cannot be read: it is damaged`)
    }
  })
}

const privateKey = (setting: Setting, file: string, text: string): Crypto.KeyObject => {
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) {
    return fail(setting, file, "no private key in it, expected -----BEGIN PRIVATE KEY-----")
  }
  if (/ENCRYPTED/.test(text)) return fail(setting, file, "the key is encrypted: give one without a passphrase")
  try {
    return Crypto.createPrivateKey(text)
  } catch {
    return fail(setting, file, "the private key in it cannot be read: it is damaged")
  }
}

const hostNames = ({ subject, subjectAltName }: Crypto.X509Certificate): ReadonlyArray<string> => {
  const names = [...(subjectAltName ?? "").matchAll(/DNS:([^,\s]+)/g)].map(([, name = ""]) => name.toLowerCase())
  const common = /^CN=(\S+)$/m.exec(subject)?.[1]?.toLowerCase()
  return names.length > 0 || common === undefined ? names : [common]
}

const keyType = ({ publicKey }: Crypto.X509Certificate): string => {
  const { modulusLength, namedCurve } = publicKey.asymmetricKeyDetails ?? {}
  return [publicKey.asymmetricKeyType ?? "unknown", namedCurve ?? modulusLength].filter(Boolean).join(" ")
}

const date = (at: number): string => new Date(at).toISOString().slice(0, 10)

const show = (file: string, certificate: Crypto.X509Certificate): Shown => ({
  file,
  subject: certificate.subject.replaceAll("\n", ", "),
  names: hostNames(certificate),
  keyType: keyType(certificate),
  expires: Date.parse(certificate.validTo)
})

const checkDates = (file: string, certificate: Crypto.X509Certificate, now: number): void => {
  const from = Date.parse(certificate.validFrom)
  const to = Date.parse(certificate.validTo)
  if (now < from) fail("tlsCert", file, `the certificate is not valid before ${certificate.validFrom}`)
  if (now > to) fail("tlsCert", file, `the certificate has expired on ${date(to)}`)
}

const expiry = ({ expires, file }: Shown, now: number): ReadonlyArray<string> =>
  expires - now > soon ? [] : [`the certificate in ${file} expires on ${date(expires)}`]

const exposure = (file: string): ReadonlyArray<string> =>
  (Fs.statSync(file).mode & 0o007) === 0
    ? []
    : [`the key in ${file} may be read by everybody on this machine: chmod 600`]

const pair = (certFile: string, keyFile: string | undefined, now: number) => {
  const certificate = read("tlsCert", certFile)
  const [leaf] = certificates("tlsCert", certFile, certificate)
  const setting = keyFile === undefined ? "tlsCert" : "tlsKey"
  const file = keyFile ?? certFile
  const text = read(setting, file)
  const key = privateKey(setting, file, text)
  if (leaf === undefined) return fail("tlsCert", certFile, "no certificate in it")
  if (!leaf.checkPrivateKey(key)) fail(setting, file, `the key does not belong to the certificate in ${certFile}`)
  checkDates(certFile, leaf, now)
  const shown = show(certFile, leaf)
  return {
    identity: { certificate, key: text, names: shown.names },
    shown,
    warnings: [...exposure(file), ...expiry(shown, now)]
  }
}

const selfSigned = (now: number) => {
  const hosts = ["localhost", Os.hostname(), "127.0.0.1", "::1"] as const
  const { certificate, key } = SelfSigned.make({ hosts, now })
  const shown = show("", new Crypto.X509Certificate(certificate))
  return { identity: { certificate, key, names: shown.names }, shown, warnings: [] }
}

const unsafeLoad = (settings: Settings, now: number): Loaded | undefined => {
  const pairs = settings.tlsSelfSigned
    ? [selfSigned(now)]
    : settings.tlsCert.map((file, index) => pair(file, settings.tlsKey[index], now))
  const [first, ...rest] = pairs
  if (first === undefined) return undefined
  const clientCa = settings.tlsClientCa === "" ? "" : read("tlsClientCa", settings.tlsClientCa)
  if (clientCa !== "") certificates("tlsClientCa", settings.tlsClientCa, clientCa)
  const identities: Loaded["identities"] = [first.identity, ...rest.map(({ identity }) => identity)]
  try {
    TlsContext.unsafeMake(options(settings, { identities, clientCa, ticketKeys: new Uint8Array(48) }))
  } catch (cause) {
    fail("tlsCiphers", "", `OpenSSL does not take it: ${cause instanceof Error ? cause.message : cause}`)
  }
  return {
    identities,
    clientCa,
    shown: pairs.map(({ shown }) => shown),
    warnings: pairs.flatMap((one) => one.warnings)
  }
}

/** Material and configuration as the platform takes them. @since 0.1.0 @category conversions */
export const options = (settings: Settings, material: Material): TlsContext.Options => ({
  ...material,
  minVersion: settings.tlsMinVersion,
  ciphers: settings.tlsCiphers,
  clientCertificate: settings.tlsClientCert
})

/**
 * Reads what a configuration names, or makes the self-signed certificate; `undefined` where TLS is not configured. Fails where a
 * file cannot be read or used, a key belongs to another certificate, or a certificate is not valid at `now` (milliseconds since the epoch).
 *
 * @since 0.1.0
 * @category constructors
 */
export const load = (settings: Settings, now: number): Effect.Effect<Loaded | undefined, MaterialError> =>
  Effect.try({
    try: () => unsafeLoad(settings, now),
    catch: (cause) =>
      cause instanceof MaterialError
        ? cause
        : new MaterialError({ setting: "tlsCert", file: "", problem: String(cause) })
  })

/**
 * What changes when a file does; "" where a file is missing, as it may be in the middle of being replaced.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeSignature = (settings: Settings): string => {
  const files = [...settings.tlsCert, ...settings.tlsKey, settings.tlsClientCa].filter((file) => file !== "")
  try {
    return files
      .map((file) => {
        const { ino, mtimeMs, size } = Fs.statSync(file)
        return `${ino} ${mtimeMs} ${size}`
      })
      .join(",")
  } catch {
    return ""
  }
}
