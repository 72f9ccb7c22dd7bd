import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Stream from "effect/Stream"
import type { FileFault } from "../../domain/FileFault.ts"
import * as HiddenName from "../../domain/HiddenName.ts"
import type { VirtualPath } from "../../domain/VirtualPath.ts"
import { type NameChange, type Storage, StorageError } from "./Storage.ts"

/**
 * Keeps names that are the server's own, or that no disk has, from a storage: they are not there, and cannot be made.
 *
 * @since 0.1.0
 * @category combinators
 */
export const guard = (storage: Storage["Type"]): Storage["Type"] => {
  const fault = (path: VirtualPath, hidden: FileFault): FileFault | undefined =>
    path.includes("\0") ? "InvalidName" : HiddenName.isOn(path) ? hidden : undefined

  const guarded = <A, R>(
    path: VirtualPath,
    hidden: FileFault,
    use: () => Effect.Effect<A, StorageError, R>
  ): Effect.Effect<A, StorageError, R> => {
    const reason = fault(path, hidden)
    return reason === undefined ? use() : Effect.fail(new StorageError({ reason, path }))
  }

  const streamed = <A>(
    path: VirtualPath,
    use: () => Stream.Stream<A, StorageError>
  ): Stream.Stream<A, StorageError> => {
    const reason = fault(path, "NotFound")
    return reason === undefined ? use() : Stream.fail(new StorageError({ reason, path }))
  }

  const { names, unsafeChange, unsafeHasNoPartial, unsafeList, unsafeNames } = storage
  const { unsafeOpen, unsafeStat, unsafeStore, unsafeStoreOnPool } = storage

  const changeFault = (change: NameChange): FileFault | undefined =>
    fault(change.path, change._tag === "MakeDirectory" ? "InvalidName" : "NotFound") ??
    (change._tag === "Rename" ? fault(change.to, "InvalidName") : undefined)

  return {
    ...(unsafeOpen && { unsafeOpen: (path) => (fault(path, "NotFound") === undefined ? unsafeOpen(path) : undefined) }),
    ...(unsafeStat && {
      unsafeStat: (path) => {
        const reason = fault(path, "NotFound")
        return reason === undefined ? unsafeStat(path) : Either.left(reason)
      }
    }),
    stat: (path) => guarded(path, "NotFound", () => storage.stat(path)),
    open: (path) => guarded(path, "NotFound", () => storage.open(path)),
    ...(unsafeList && { unsafeList: (path) => (fault(path, "NotFound") === undefined ? unsafeList(path) : undefined) }),
    list: (path) => streamed(path, () => storage.list(path)),
    ...(unsafeNames && {
      unsafeNames: (path) => (fault(path, "NotFound") === undefined ? unsafeNames(path) : undefined)
    }),
    ...(names && { names: (path) => streamed(path, () => names(path)) }),
    ...(unsafeStore && {
      unsafeStore: (path, options) =>
        fault(path, "InvalidName") === undefined ? unsafeStore(path, options) : undefined
    }),
    ...(unsafeStoreOnPool && {
      unsafeStoreOnPool: (path, options, begun) =>
        fault(path, "InvalidName") === undefined ? unsafeStoreOnPool(path, options, begun) : undefined
    }),
    store: (path, options) => guarded(path, "InvalidName", () => storage.store(path, options)),
    remove: (path, only) => guarded(path, "NotFound", () => storage.remove(path, only)),
    makeDirectory: (path) => guarded(path, "InvalidName", () => storage.makeDirectory(path)),
    removeDirectory: (path) => guarded(path, "NotFound", () => storage.removeDirectory(path)),
    rename: (from, to, options) =>
      guarded(from, "NotFound", () => guarded(to, "InvalidName", () => storage.rename(from, to, options))),
    ...(unsafeChange && {
      unsafeChange: (change) => {
        const reason = changeFault(change)
        return reason === undefined ? unsafeChange(change) : Either.left(reason)
      }
    }),
    setAttributes: (path, attributes) => guarded(path, "NotFound", () => storage.setAttributes(path, attributes)),
    ...(unsafeHasNoPartial && {
      unsafeHasNoPartial: (path) => fault(path, "NotFound") === undefined && unsafeHasNoPartial(path)
    }),
    partial: (path) => guarded(path, "NotFound", () => storage.partial(path)),
    available: (path) => guarded(path, "NotFound", () => storage.available(path)),
    home: storage.home
  }
}
