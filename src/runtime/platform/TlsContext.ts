import { EventEmitter } from "node:events"
import * as Tls from "node:tls"

/**
 * One certificate with its chain and key, in PEM, and the names it is for: host names in lower case, `*.` first for any one label.
 *
 * @since 0.1.0
 * @category models
 */
export interface Identity {
  readonly certificate: string
  readonly key: string
  readonly names: ReadonlyArray<string>
}

/**
 * What a server's side of TLS is made of. The first identity serves clients that name no host or an unknown one.
 *
 * @since 0.1.0
 * @category models
 */
export interface Options {
  readonly identities: ReadonlyArray<Identity>
  /** 48 bytes that seal session tickets; servers that share them resume each other's sessions. */
  readonly ticketKeys: Uint8Array
  readonly minVersion: "1.2" | "1.3"
  /** OpenSSL's notation; "" is `defaultCiphers`. */
  readonly ciphers: string
  /** PEM of those whose client certificates are believed; "" is nobody. */
  readonly clientCa: string
  readonly clientCertificate: "off" | "optional" | "required"
}

/**
 * What accepting connections takes. Sessions begun with one can be resumed with another that has the same ticket keys.
 *
 * @since 0.1.0
 * @category models
 */
export interface TlsContext {
  readonly secureContext: Tls.SecureContext
  /** The context for a host name, where it is not the first one's; absent where there is but one. */
  readonly named: ((name: string) => Tls.SecureContext | undefined) | undefined
  readonly clientCertificate: Options["clientCertificate"]
  /** Sessions kept for clients that take no tickets, as curl does with TLS 1.2. */
  readonly kept: EventEmitter | undefined
}

/** Sessions one context keeps: a control connection begins one or two. */
const mostKept = 8

/** What Node asks its server for, by events. */
const keepSessions = (): EventEmitter => {
  const sessions = new Map<string, Buffer>()
  const emitter = new EventEmitter()
  emitter.on("newSession", (id: Buffer, session: Buffer, done: () => void) => {
    if (sessions.size < mostKept) sessions.set(id.toString("hex"), session)
    done()
  })
  emitter.on("resumeSession", (id: Buffer, done: (error: null, session: Buffer | null) => void) =>
    done(null, sessions.get(id.toString("hex")) ?? null)
  )
  return emitter
}

/**
 * Forward secrecy and authenticated encryption only, what processors have instructions for first. They win over the client's order.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaultCiphers =
  "TLS_AES_128_GCM_SHA256:TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:" +
  "ECDHE+AES128+AESGCM:ECDHE+AESGCM:ECDHE+CHACHA20:!aNULL:!PSK:!SRP"

const isKnown = (ecdhCurve: string): boolean => {
  try {
    Tls.createSecureContext({ ecdhCurve })
    return true
  } catch {
    return false
  }
}

/**
 * The groups keys are agreed in: elliptic curves, behind what withstands quantum computers where OpenSSL has it. In the finite fields it
 * would offer with TLS 1.3 a client makes the server calculate far more than it does itself (CVE-2002-20001).
 */
const groups = ["X25519MLKEM768:X25519:P-256:P-384:P-521", "X25519:P-256:P-384:P-521"].find(isKnown) ?? "auto"

/** SSL_OP_NO_RENEGOTIATION, which Node has no name for. A client could make the server work for nothing with it. */
const noRenegotiation = 1 << 30

const secureContext = (options: Options, { certificate, key }: Identity): Tls.SecureContext =>
  Tls.createSecureContext({
    cert: certificate,
    key,
    ciphers: options.ciphers === "" ? defaultCiphers : options.ciphers,
    honorCipherOrder: true,
    ecdhCurve: groups,
    minVersion: options.minVersion === "1.3" ? "TLSv1.3" : "TLSv1.2",
    maxVersion: "TLSv1.3",
    secureOptions: noRenegotiation,
    ticketKeys: Buffer.from(options.ticketKeys),
    // Without one, sessions that authenticated a client cannot be resumed.
    sessionIdContext: "weft",
    ...(options.clientCa === "" ? {} : { ca: options.clientCa })
  })

/** Tells whether a certificate's name is for a host; `*.` stands for one label (RFC 6125 section 6.4.3). @since 0.1.0 @category predicates */
export const covers = (name: string, host: string): boolean => {
  if (!name.startsWith("*.")) return name === host
  const dot = host.indexOf(".")
  return dot > 0 && host.slice(dot) === name.slice(1)
}

/**
 * Makes contexts of all identities. Throws what OpenSSL says where certificate, key or ciphers will not do.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (options: Options): TlsContext => {
  const [first, ...others] = options.identities
  if (first === undefined) throw new RangeError("TLS needs a certificate")
  const rest = others.map((identity) => ({ names: identity.names, context: secureContext(options, identity) }))
  const named = (host: string) => {
    const wanted = host.toLowerCase()
    if (first.names.some((name) => covers(name, wanted))) return undefined
    return rest.find(({ names }) => names.some((name) => covers(name, wanted)))?.context
  }
  return {
    secureContext: secureContext(options, first),
    named: rest.length === 0 ? undefined : named,
    clientCertificate: options.clientCertificate,
    kept: undefined
  }
}

/**
 * The same context with ticket keys of its own: what is resumed with it was begun with it, for tickets sealed with other keys
 * are not even opened. It keeps sessions itself for clients that take no tickets.
 *
 * @since 0.1.0
 * @category combinators
 */
export const unsafeAlone = (self: TlsContext, options: Options, ticketKeys: Uint8Array): TlsContext => {
  const [first] = options.identities
  if (first === undefined) throw new RangeError("TLS needs a certificate")
  return { ...self, secureContext: secureContext({ ...options, ticketKeys }, first), kept: keepSessions() }
}
