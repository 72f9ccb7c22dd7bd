import * as Net from "node:net"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Epoll } from "./Epoll.ts"

/**
 * A socket of Node's that nobody sends to, for its number: what stands under it in the epoll that Node's event loop waits on makes the
 * loop call `ring`, there and then.
 *
 * @since 0.1.0
 * @category models
 */
export interface Bell {
  readonly descriptor: number
  /** Whether the process shall live on for what may ring. */
  readonly hold: (isHeld: boolean) => void
  ring: () => void
}

interface Handle {
  readonly useUserBuffer?: (memory: Uint8Array) => void
  onread?: () => void
}

/** Nothing fits, so libuv tells that there is no room without having read: a bell costs no system call. */
const noRoom = new Uint8Array(1).subarray(0, 0)

const make = (calls: Epoll) => {
  const ends = calls.pair()
  if (ends === undefined) return undefined
  const [descriptor, other] = ends
  const socket = new Net.Socket({ fd: descriptor, readable: true, writable: false })
  const peer = new Net.Socket({ fd: other, readable: false, writable: false })
  peer.on("error", () => {}).unref()
  socket.on("error", () => {}).unref()
  return { descriptor, socket, peer }
}

/**
 * A bell of this thread as long as the scope is open; `None` where this version of Node has none.
 *
 * @since 0.1.0
 * @category constructors
 */
export const acquire = (calls: Epoll): Effect.Effect<Option.Option<Bell>, never, Scope.Scope> =>
  Effect.map(
    Effect.acquireRelease(
      Effect.sync(() => make(calls)),
      (made) =>
        Effect.sync(() => {
          made?.socket.destroy()
          made?.peer.destroy()
        })
    ),
    (made) => {
      if (made === undefined) return Option.none()
      const { descriptor, socket } = made
      const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null }
      if (typeof handle?.useUserBuffer !== "function" || typeof handle.onread !== "function") return Option.none()
      const bell: Bell = {
        descriptor,
        hold: (isHeld) => void (isHeld ? socket.ref() : socket.unref()),
        ring: () => {}
      }
      handle.useUserBuffer(noRoom)
      // In place of Node's own, which would take it for an error of the socket.
      handle.onread = () => bell.ring()
      socket.resume()
      return Option.some(bell)
    }
  )
