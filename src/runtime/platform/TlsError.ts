import * as Schema from "effect/Schema"

/**
 * Why TLS did not come to be. `NotTls`: the peer speaks something else; `Cut`: it left in the middle; `TimedOut`: it took too long;
 * `Refused`: the two cannot agree, or one does not believe the other's certificate; `NotPossible`: there is no socket below to
 * put TLS on. `detail` is OpenSSL's or the system's own word for it.
 *
 * @since 0.1.0
 * @category errors
 */
export class TlsError extends Schema.TaggedError<TlsError>()("TlsError", {
  reason: Schema.Literal("NotTls", "Cut", "TimedOut", "Refused", "NotPossible"),
  detail: Schema.String
}) {
  override get message(): string {
    return this.detail === "" ? this.reason : `${this.reason}: ${this.detail}`
  }
}

const notTls =
  /HTTP_REQUEST|HTTPS_PROXY_REQUEST|WRONG_VERSION_NUMBER|PACKET_LENGTH_TOO_LONG|UNEXPECTED_MESSAGE|RECORD_LENGTH_MISMATCH|BAD_RECORD_TYPE|UNKNOWN_PROTOCOL|RECORD_TOO_SMALL|INVALID_RECORD|BAD_PACKET/

const cut = /^(?:ECONNRESET|EPIPE|ECONNABORTED|ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|ERR_STREAM_.*)$/

/** What a failed handshake threw, as the reason a caller acts on. @since 0.1.0 @category errors */
export const toTlsError = (cause: Error): TlsError => {
  const code = "code" in cause ? String(cause.code) : ""
  const reason = cut.test(code) ? "Cut" : notTls.test(code) ? "NotTls" : "Refused"
  return new TlsError({ reason, detail: code === "" ? cause.message.split("\n", 1).join("") : code })
}
