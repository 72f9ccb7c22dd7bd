import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Metrics from "../observe/Metrics.ts"
import * as Certificates from "./Certificates.ts"
import { type Material, type MaterialError, ticketKeys } from "./Material.ts"

/**
 * Holds a server's TLS material and takes it up again when its files change.
 *
 * @since 0.1.0
 * @category models
 */
export interface Keeper {
  readonly unsafeMaterial: () => Material | undefined
  /** Reads the files again now. What cannot be used is logged, and what there was stays. */
  readonly reload: Effect.Effect<void>
}

/** How often files are looked at. @since 0.1.0 @category constants */
export const interval: Duration.DurationInput = "5 seconds"

/**
 * Loads the material, and looks at the files every `interval` until the scope closes. `onChange` gets each new material before
 * anybody else does. The ticket keys stay the same for a day: who gets hold of them opens what was said under TLS 1.2 no longer ago. Warnings go to the log at once and then daily, dates of expiry to `Metrics.ts`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  settings: Certificates.Settings,
  onChange: (material: Material) => void
): Effect.Effect<Keeper, MaterialError, Scope.Scope> =>
  Effect.gen(function* () {
    let keys = ticketKeys()
    let seen = Certificates.unsafeSignature(settings)
    let material: Material | undefined

    const take = Effect.gen(function* () {
      const loaded = yield* Certificates.load(settings, yield* Clock.currentTimeMillis)
      if (loaded === undefined) return
      for (const { expires, file } of loaded.shown) yield* Metrics.certificateExpires(file, expires)
      for (const warning of loaded.warnings) yield* Effect.logWarning(warning)
      material = { identities: loaded.identities, clientCa: loaded.clientCa, ticketKeys: keys }
    })

    const reload = settings.tlsSelfSigned
      ? Effect.void
      : Effect.gen(function* () {
          seen = Certificates.unsafeSignature(settings)
          yield* take
          if (material === undefined) return
          onChange(material)
          yield* Effect.logInfo("certificates taken up again")
        }).pipe(Effect.catchAll(({ message }) => Effect.logError(`certificates not taken up again: ${message}`)))

    /** What was read stays where it cannot be read again, or has expired. */
    const renew = Effect.gen(function* () {
      keys = ticketKeys()
      if (!settings.tlsSelfSigned) yield* Effect.catchAll(take, ({ message }) => Effect.logWarning(message))
      if (material === undefined) return
      material = { ...material, ticketKeys: keys }
      onChange(material)
    })

    yield* take
    const look = Effect.suspend(() => {
      const now = Certificates.unsafeSignature(settings)
      return now !== "" && now !== seen ? reload : Effect.void
    })
    if (material !== undefined) yield* renew.pipe(Effect.delay("1 day"), Effect.forever, Effect.forkScoped)
    if (settings.tlsCert.length > 0) {
      yield* look.pipe(Effect.delay(interval), Effect.forever, Effect.forkScoped)
    }
    return { unsafeMaterial: () => material, reload }
  })
