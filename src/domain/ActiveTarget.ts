import * as HostPort from "./HostPort.ts"

/** The lowest port that a client without privilege can listen on. */
const unprivileged = 1024

/**
 * What a server allows of the targets that PORT and EPRT name.
 *
 * @since 0.1.0
 * @category models
 */
export interface Rules {
  /** Another address than the client's own: a transfer between two servers, or an attack. */
  readonly allowForeignActive: boolean
  /** A port below 1024. */
  readonly allowPrivilegedActive: boolean
}

/**
 * Why the server will not connect to `target` for the client at `peer`, or `undefined` where it will. A client that names another
 * host's address or a port where services live could have the server attack them: the bounce attack of RFC 2577 section 3.
 *
 * @since 0.1.0
 * @category predicates
 */
export const refuse = (target: HostPort.HostPort, peer: string, rules: Rules): "Foreign" | "Privileged" | undefined => {
  if (!rules.allowForeignActive && HostPort.normalize(target.address) !== HostPort.normalize(peer)) return "Foreign"
  if (!rules.allowPrivilegedActive && target.port < unprivileged) return "Privileged"
  return undefined
}
