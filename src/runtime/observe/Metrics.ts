import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"

const expiry = Metric.gauge("ftp_tls_certificate_expiry_seconds", {
  description: "When a certificate that the server shows expires, in seconds since 1970"
})

/**
 * Says when a certificate expires, in milliseconds since the epoch. It is told apart by the file that holds it, "" for one made at the
 * start: what takes its place at a renewal takes its place here too. A host reads it with `Metric.snapshot`.
 *
 * @since 0.1.0
 * @category metrics
 */
export const certificateExpires = (file: string, at: number): Effect.Effect<void> =>
  Effect.asVoid(
    Metric.set(Metric.tagged(expiry, "certificate", file === "" ? "self-signed" : file), Math.floor(at / 1000))
  )
