import type { TlsConnection } from "../platform/TlsConnection.ts"
import type { Actor } from "./Actor.ts"
import { Holding } from "./Holding.ts"

/** Milliseconds that a handshake may take before a fiber waits for it, which knows how long it may take at all. */
const patience = 250

interface Work {
  readonly actor: Actor
  readonly connection: TlsConnection
  readonly shake: () => void
}

/** Waits for a handshake. One that fails or is not done soon, it leaves to a fiber. */
class Shaking extends Holding<Work> {
  unsafeBegin(): void {
    const work = this.work
    if (work === undefined) return
    work.actor.errand = this
    this.unsafeWait(work, patience, () => this.unsafeHandOver())
    work.connection.unsafeWhenSettled(() => this.#settle())
  }

  unsafeHandOver(): void {
    this.unsafeEnd()?.shake()
  }

  #settle(): void {
    const established = this.work?.connection.unsafeEstablished()
    if (established === undefined) {
      this.unsafeHandOver()
      return
    }
    const work = this.unsafeEnd()
    if (work === undefined) return
    work.actor.control.unsafeContinue(work.connection)
    work.actor.unsafeTell({ _tag: "Secured", certificate: established.clientName })
  }
}

/**
 * Goes on under TLS, without a fiber, once the control connection's handshake is done; answered by `Secured`. Where it fails or takes its
 * time, `shake` is called instead, to wait for it in a fiber.
 *
 * @since 0.1.0
 * @category interpreters
 */
export const unsafeWait = (actor: Actor, connection: TlsConnection, shake: () => void): void =>
  new Shaking({ actor, connection, shake }).unsafeBegin()
