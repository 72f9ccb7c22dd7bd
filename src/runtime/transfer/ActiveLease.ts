import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as HostPort from "../../domain/HostPort.ts"
import * as Finalizer from "../platform/Finalizer.ts"
import * as Pacing from "../platform/Pacing.ts"
import { type Connection, type Endpoint, type Target, type Tcp, TcpError } from "../platform/Tcp.ts"
import { Landing } from "./Landing.ts"
import type { Lease } from "./Lease.ts"

/** Zone ids do not count: a client cannot know the server's. */
const isSameHost = (left: string, right: string): boolean => HostPort.normalize(left) === HostPort.normalize(right)

const gone = () => new TcpError({ reason: "Closed" })

const ignore = () => {}

/**
 * The connection to where a client listens, made from the address its control connection reached the server at, once and not before it is
 * asked for.
 *
 * @since 0.1.0
 * @category models
 */
export class ActiveLease implements Lease<TcpError> {
  readonly #tcp: Tcp["Type"]
  readonly #target: Target
  readonly #landing = new Landing(gone)
  #callOff: (() => void) | undefined = undefined

  constructor(
    tcp: Tcp["Type"],
    target: HostPort.HostPort,
    control: { readonly local: Endpoint; readonly remote: Endpoint }
  ) {
    this.#tcp = tcp
    this.#target = {
      host: isSameHost(target.address, control.remote.address) ? control.remote.address : target.address,
      port: target.port,
      localAddress: control.local.address
    }
  }

  get port(): number {
    return this.#target.port
  }

  /** An attempt that is interrupted leaves nothing behind. */
  get accepted(): Effect.Effect<Connection, TcpError, Scope.Scope> {
    return Effect.suspend(() => {
      this.#begin()
      return Effect.zipRight(Finalizer.add(Effect.sync(() => this.release())), this.#landing.taken)
    })
  }

  /** Another host takes its time to answer. */
  unsafeIsAtHand(): boolean {
    return Pacing.isHere(this.#target.host)
  }

  unsafeArrived(): Connection | undefined {
    this.#begin()
    return this.#landing.unsafeHere
  }

  unsafeTake(): void {
    this.#landing.unsafeTake()
  }

  release(): void {
    this.#callOff?.()
    this.#landing.unsafeEnd()
  }

  #begin(): void {
    if (this.#callOff !== undefined || this.#landing.isOver) return
    this.#callOff = ignore
    this.#callOff = this.#tcp.unsafeConnect(this.#target, (result) => {
      if (result instanceof TcpError) this.#landing.unsafeEnd(result)
      else this.#landing.unsafeLand(result)
    })
  }
}
