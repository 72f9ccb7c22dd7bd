import * as Duration from "effect/Duration"
import * as Codecs from "./Codecs.ts"
import * as FtpConfig from "./FtpConfig.ts"
import type { Key, Setting } from "./Setting.ts"

type TlsKey = Extract<Key, `tls${string}` | "implicitTlsPort">

/**
 * The rows about TLS.
 *
 * @since 0.1.0
 * @category table
 */
export const tlsSettings: { readonly [K in TlsKey]: Setting<K> } = {
  tlsCert: {
    key: "tlsCert",
    flag: "--tls-cert",
    variable: "WEFT_TLS_CERT",
    metavar: "FILES",
    codec: Codecs.files,
    fallback: () => [],
    description:
      "Certificate files in PEM, each with its chain behind it: FTPS is offered; several are told apart by the host name the client wants"
  },
  tlsKey: {
    key: "tlsKey",
    flag: "--tls-key",
    variable: "WEFT_TLS_KEY",
    metavar: "FILES",
    codec: Codecs.files,
    fallback: () => [],
    description:
      "The private key of each certificate, in the same order; files with both need be named once only, as certificates"
  },
  tlsSelfSigned: {
    key: "tlsSelfSigned",
    flag: "--tls-self-signed",
    variable: "WEFT_TLS_SELF_SIGNED",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "Offers FTPS with a certificate made at the start and kept in memory, for development"
  },
  implicitTlsPort: {
    key: "implicitTlsPort",
    flag: "--implicit-tls-port",
    variable: "WEFT_IMPLICIT_TLS_PORT",
    metavar: "PORT",
    codec: Codecs.optionalPort,
    fallback: () => null,
    description: "A second port where TLS comes before the greeting, 990 by custom; 0 lets the system choose"
  },
  tlsRequired: {
    key: "tlsRequired",
    flag: "--tls-required",
    variable: "WEFT_TLS_REQUIRED",
    metavar: "WHAT",
    codec: Codecs.oneOf(FtpConfig.TlsRequired),
    fallback: () => "none",
    description: "What is refused in clear: none, the login, or login and data connections"
  },
  tlsMinVersion: {
    key: "tlsMinVersion",
    flag: "--tls-min-version",
    variable: "WEFT_TLS_MIN_VERSION",
    metavar: "VERSION",
    codec: Codecs.oneOf(FtpConfig.TlsVersion),
    fallback: () => "1.2",
    description: "The oldest version of TLS spoken"
  },
  tlsCiphers: {
    key: "tlsCiphers",
    flag: "--tls-ciphers",
    variable: "WEFT_TLS_CIPHERS",
    metavar: "CIPHERS",
    codec: Codecs.ciphers,
    fallback: () => "",
    description:
      "The ciphers offered, in order of preference; by default those with forward secrecy and authenticated encryption"
  },
  tlsRequireReuse: {
    key: "tlsRequireReuse",
    flag: "--tls-require-reuse",
    variable: "WEFT_TLS_REQUIRE_REUSE",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "A data connection must resume the TLS session of its control connection"
  },
  tlsClientCa: {
    key: "tlsClientCa",
    flag: "--tls-client-ca",
    variable: "WEFT_TLS_CLIENT_CA",
    metavar: "FILE",
    codec: Codecs.optionalFile,
    fallback: () => "",
    description: "Certificates in PEM of those who sign client certificates"
  },
  tlsClientCert: {
    key: "tlsClientCert",
    flag: "--tls-client-cert",
    variable: "WEFT_TLS_CLIENT_CERT",
    metavar: "POLICY",
    codec: Codecs.oneOf(FtpConfig.TlsClientCert),
    fallback: () => "off",
    description: "Whether clients are asked for a certificate and whether they must have one"
  },
  tlsClientLogin: {
    key: "tlsClientLogin",
    flag: "--tls-client-login",
    variable: "WEFT_TLS_CLIENT_LOGIN",
    metavar: "BOOLEAN",
    codec: Codecs.truth,
    fallback: () => false,
    description: "A client whose certificate has the user name as its common name needs no password"
  },
  tlsCloseNotify: {
    key: "tlsCloseNotify",
    flag: "--tls-close-notify",
    variable: "WEFT_TLS_CLOSE_NOTIFY",
    metavar: "POLICY",
    codec: Codecs.oneOf(FtpConfig.TlsCloseNotify),
    fallback: () => "accept",
    description: "Whether an upload that ends without TLS's own goodbye is whole or cut: accept or require it"
  },
  tlsCcc: {
    key: "tlsCcc",
    flag: "--tls-ccc",
    variable: "WEFT_TLS_CCC",
    metavar: "POLICY",
    codec: Codecs.oneOf(FtpConfig.TlsCcc),
    fallback: () => "never",
    description:
      "Whether a client may go on in clear on its control connection (CCC): never, unless TLS is required of it, or always"
  },
  tlsHandshakeTimeout: {
    key: "tlsHandshakeTimeout",
    flag: "--tls-handshake-timeout",
    variable: "WEFT_TLS_HANDSHAKE_TIMEOUT",
    metavar: "TIME",
    codec: Codecs.timeout,
    fallback: () => Duration.seconds(10),
    description: "How long a TLS handshake may take"
  }
}
