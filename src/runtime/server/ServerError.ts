import * as Schema from "effect/Schema"
import type { TcpError } from "../platform/Tcp.ts"
import type { MaterialError } from "../tls/Material.ts"

/**
 * Why a server could not start, or could not go on. The first four are about its address; `ShardStart` is a worker thread that did
 * not become ready, `Tls` certificates that cannot be used, `ShardRestarts` shards that die again and again, `Acceptor` the accepting thread's own end.
 *
 * @since 0.1.0
 * @category errors
 */
export class ServerError extends Schema.TaggedError<ServerError>()("ServerError", {
  reason: Schema.Literal("InUse", "Denied", "NotAvailable", "Other", "ShardStart", "ShardRestarts", "Acceptor", "Tls"),
  detail: Schema.String,
  cause: Schema.optional(Schema.Defect)
}) {
  override get message(): string {
    return `${this.reason}: ${this.detail}`
  }

  /** What loading certificates failed with. */
  static ofMaterial(error: MaterialError): ServerError {
    return new ServerError({ reason: "Tls", detail: error.message, cause: error })
  }

  /** What binding to an address failed with. */
  static ofListen(host: string, port: number, error: TcpError): ServerError {
    const reason =
      error.reason === "InUse" || error.reason === "Denied" || error.reason === "NotAvailable" ? error.reason : "Other"
    return new ServerError({ reason, detail: `cannot listen on ${host} port ${port}`, cause: error })
  }
}
