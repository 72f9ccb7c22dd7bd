import { Effect } from "effect"
import { type Connection, type Target, type Tcp, TcpError } from "../../src/runtime/platform/Tcp.ts"

/** Connects, as a client does; an interruption may come behind the connection, and leaves nothing of it. */
export const connect = (
  { unsafeConnect }: Pick<typeof Tcp.Service, "unsafeConnect">,
  target: Target
): Effect.Effect<Connection, TcpError> =>
  Effect.async((resume) => {
    let made: Connection | undefined
    const callOff = unsafeConnect(target, (result) => {
      if (result instanceof TcpError) return resume(Effect.fail(result))
      made = result
      resume(Effect.succeed(result))
    })
    return Effect.sync(() => {
      callOff()
      made?.unsafeDestroy()
    })
  })
