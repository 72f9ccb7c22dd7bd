import * as Context from "effect/Context"
import * as TlsContext from "../platform/TlsContext.ts"
import * as Certificates from "./Certificates.ts"
import { type Material, ticketKeys } from "./Material.ts"

/**
 * A thread's TLS: the contexts new handshakes are made with. What they are made of may be replaced at any time; sessions that run keep
 * what they began with.
 *
 * @since 0.1.0
 * @category models
 */
export interface Provider {
  /** `undefined` where TLS is not offered. */
  readonly unsafeContext: () => TlsContext.TlsContext | undefined
  /** One for a single control connection and its data: only sessions begun with it are resumed with it. */
  readonly unsafeAlone: () => TlsContext.TlsContext | undefined
}

/**
 * Where sessions find it. The server provides it; without one TLS is not offered.
 *
 * @since 0.1.0
 * @category tags
 */
export class Tls extends Context.Reference<Tls>()("weft/Tls", {
  defaultValue: (): Provider => ({ unsafeContext: () => undefined, unsafeAlone: () => undefined })
}) {}

/**
 * A provider and the way to give it new material. Throws what OpenSSL says of material that was not checked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  settings: Certificates.Settings,
  material: Material | undefined
): Provider & { readonly unsafeReplace: (material: Material) => void } => {
  let options = material && Certificates.options(settings, material)
  let context = options && TlsContext.unsafeMake(options)
  return {
    unsafeContext: () => context,
    unsafeAlone: () => context && options && TlsContext.unsafeAlone(context, options, ticketKeys()),
    unsafeReplace: (next) => {
      options = Certificates.options(settings, next)
      context = TlsContext.unsafeMake(options)
    }
  }
}
