import { ConfigError } from "../config/ConfigError.ts"
import { subject } from "../config/Origin.ts"
import type { Resolved } from "../config/Resolved.ts"
import type { Key } from "../config/Setting.ts"
import { print, settings } from "../config/Settings.ts"

/**
 * The part of a server's error that a line for its user is made of.
 *
 * @since 0.1.0
 * @category models
 */
export interface StartError {
  readonly reason: string
  readonly message: string
  /** The message without the reason, where there is one. */
  readonly detail?: string
}

const denied = (port: number): string =>
  port > 0 && port < 1024
    ? `permission denied: binding a port below 1024 needs privilege: run as root, give the node binary CAP_NET_BIND_SERVICE (setcap 'cap_net_bind_service=+ep' ${process.execPath}) or lower net.ipv4.ip_unprivileged_port_start`
    : "permission denied: this user may not bind that address and port"

/**
 * Why the server did not start or go on, told by the setting that would have to change. Fit for `InUse`, `Denied` and `NotAvailable`; any
 * other reason keeps its own message.
 *
 * @since 0.1.0
 * @category rendering
 */
export const explain = ({ config, origins }: Resolved, error: StartError): ConfigError => {
  if (error instanceof ConfigError) return error
  const at = (key: Key): string => subject(settings[key], origins[key], print(key, config))
  const start = (message: string): ConfigError => new ConfigError({ reason: "Start", message })
  const { implicitTlsPort } = config
  const isImplicit = implicitTlsPort !== null && error.detail?.endsWith(` port ${implicitTlsPort}`) === true
  const port = isImplicit ? "implicitTlsPort" : "port"
  switch (error.reason) {
    case "InUse":
      return start(`${at(port)}: address already in use: another program listens there: stop it or choose another port`)
    case "Denied":
      return start(`${at(port)}: ${denied(isImplicit ? implicitTlsPort : config.port)}`)
    case "NotAvailable":
      return start(`${at("host")}: address not available: expected an address of this machine`)
    default:
      return start(`the server cannot run: ${error.detail ?? error.message}`)
  }
}
