import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { Client } from "./Client.ts"

/**
 * What is done for one client from greeting to close. The server knows sessions only as this function: it forks it in the pool's
 * fibers, and when it ends, however it ends, destroys the connection and gives the slot back.
 *
 * @since 0.1.0
 * @category tags
 */
export class Serve extends Context.Tag("weft/Serve")<Serve, (client: Client) => Effect.Effect<void>>() {}
