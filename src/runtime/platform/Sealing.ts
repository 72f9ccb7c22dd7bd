import type { Connection } from "./Tcp.ts"

/**
 * A connection under TLS, as far as something short can be sent over it without a fiber.
 *
 * @since 0.1.0
 * @category models
 */
export interface Sealing extends Connection {
  /**
   * Calls back a turn after the handshake is done or has failed; at once where that is past. One may wait, whoever asks for `established`
   * included.
   */
  readonly unsafeWhenSettled: (settled: () => void) => void
  /** The handshake is done, and resumed a session rather than beginning one. */
  readonly unsafeIsResumed: () => boolean
  /**
   * Sends bytes, which it copies, close_notify and FIN. `false`, and nothing done, where the handshake is not done or something was sent
   * before. Calls back, but not within this call: with `true` once the kernel has all of it, with `false` when it never will.
   */
  readonly unsafeEndWith: (bytes: Uint8Array, ended: (isWhole: boolean) => void) => boolean
}

/** @since 0.1.0 @category predicates */
export const isSealing = (connection: Connection | undefined): connection is Sealing =>
  connection !== undefined && "unsafeEndWith" in connection
