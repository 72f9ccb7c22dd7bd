import * as Fs from "node:fs"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as RcMap from "effect/RcMap"
import type * as Scope from "effect/Scope"
import * as NodeCall from "../platform/NodeCall.ts"
import * as HostError from "./HostError.ts"
import * as HostPath from "./HostPath.ts"
import * as Reach from "./Reach.ts"
import { type Storage, StorageError } from "./Storage.ts"

/** Which folder it was that had the path: one that was made anew is another. */
interface Key {
  readonly path: HostPath.HostPath
  readonly device: bigint
  readonly inode: bigint
}

type Open = Storage["Type"]["home"]

const keyOf = (home: string): Effect.Effect<Key, NodeCall.SystemError> =>
  Effect.gen(function* () {
    const path = yield* Reach.realPath(HostPath.fromText(home))
    const { dev, ino } = yield* NodeCall.call<Fs.BigIntStats>((done) =>
      Fs.stat(HostPath.toNode(path), { bigint: true }, done)
    )
    return Data.struct({ path, device: dev, inode: ino })
  })

/**
 * Opens folders as trees of their own, each once for all who use it at a time. A home is an absolute path of the host; anything
 * else is an `InvalidName`. `open` is given the path and the homes themselves.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  open: (path: string, home: Open) => Effect.Effect<Storage["Type"], NodeCall.SystemError, Scope.Scope>
): Effect.Effect<Open, never, Scope.Scope> =>
  Effect.gen(function* () {
    const trees: RcMap.RcMap<Key, Storage["Type"], NodeCall.SystemError> = yield* RcMap.make({
      lookup: (key: Key) => open(HostPath.toText(key.path), (path) => home(path))
    })

    const home: Open = (home) =>
      home.startsWith("/") && !home.includes("\0")
        ? Effect.flatMap(keyOf(home), (key) => RcMap.get(trees, key)).pipe(
            Effect.mapError(HostError.toStorageError(home))
          )
        : Effect.fail(new StorageError({ reason: "InvalidName", path: home }))

    return home
  })
