import * as HostPort from "./HostPort.ts"

const unspecified: ReadonlySet<string> = new Set(["0.0.0.0", "::"])

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
 * What the client at `peer` means by `target`: the unspecified address, which some clients name because they listen on it (lftp does
 * over IPv6), stands for its own where that is of the same protocol.
 *
 * @since 0.1.0
 * @category conversions
 */
export const meant = (target: HostPort.HostPort, peer: string): HostPort.HostPort => {
  if (!unspecified.has(HostPort.normalize(target.address))) return target
  const address = HostPort.normalize(peer)
  const isOfProtocol = target.protocol === 1 ? HostPort.isIPv4(address) : HostPort.isIPv6(address)
  return isOfProtocol ? new HostPort.HostPort({ ...target, address }) : target
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
