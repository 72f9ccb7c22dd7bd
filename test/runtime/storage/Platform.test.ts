import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, it } from "@effect/vitest"
import { Deferred, Effect, Exit, Fiber, Scope } from "effect"
import * as Beneath from "../../../src/runtime/platform/Beneath.ts"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as Folder from "../../../src/runtime/platform/Folder.ts"
import * as NodeCall from "../../../src/runtime/platform/NodeCall.ts"
import * as PooledCall from "../../../src/runtime/platform/PooledCall.ts"
import * as Status from "../../../src/runtime/platform/Status.ts"
import * as ThreadWaits from "../../../src/runtime/platform/ThreadWaits.ts"
import * as HostError from "../../../src/runtime/storage/HostError.ts"
import * as Descriptors from "../../support/Descriptors.ts"
import { descriptors, temporary } from "./fixtures.ts"

const pause = Effect.async<void>((resume) => void setImmediate(() => resume(Effect.void)))

it.scoped("a descriptor that arrives after its caller has gone is closed", () =>
  Effect.gen(function* () {
    const given = yield* Deferred.make<(fd: number) => void>()
    const opening = Descriptor.scoped((keep) => Effect.zipRight(Deferred.succeed(given, keep), Effect.never))
    const fiber = yield* Effect.fork(Effect.scoped(opening))
    const keep = yield* Deferred.await(given)
    yield* Fiber.interrupt(fiber)
    const late = Fs.openSync("/", "r")
    keep(late)
    assert.isFalse(Descriptors.unsafeIsOpen(late))
  })
)

it.scoped("a descriptor stays open until its last call is over", () =>
  Effect.gen(function* () {
    const opened = yield* Deferred.make<Descriptor.Descriptor>()
    const fiber = yield* Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync("/", "r")))).pipe(
      Effect.tap((file) => Deferred.succeed(opened, file)),
      Effect.tap((file) => Effect.sync(file.hold)),
      Effect.scoped,
      Effect.fork
    )
    const file = yield* Deferred.await(opened)
    const { fd } = file
    for (let turn = 0; turn < 5; turn++) yield* pause
    assert.isTrue(Descriptors.unsafeIsOpen(fd))
    assert.isFalse(file.hold())
    file.release()
    yield* Fiber.join(fiber)
    assert.isFalse(Descriptors.unsafeIsOpen(fd))
  })
)

it.each([
  ["ENOENT", "NotFound"],
  ["ENOTDIR", "NotADirectory"],
  ["EISDIR", "IsADirectory"],
  ["ENXIO", "NotAFile"],
  ["EACCES", "PermissionDenied"],
  ["EPERM", "PermissionDenied"],
  ["ELOOP", "OutsideRoot"],
  ["EXDEV", "OutsideRoot"],
  ["ENAMETOOLONG", "NameTooLong"],
  ["EMFILE", "TooManyOpenFiles"],
  ["ENFILE", "TooManyOpenFiles"],
  ["EAGAIN", "Busy"],
  ["EIO", "Io"],
  ["ESTALE", "Io"]
] as const)("%s is %s, with the cause kept", (code, reason) => {
  const cause = NodeCall.systemError(Os.constants.errno[code], "open")
  assert.strictEqual(cause.code, code)
  assert.deepInclude(HostError.toStorageError("/here")(cause), { reason, path: "/here", cause })
})

if (ffi !== undefined) {
  const { koffi, libc } = ffi

  it.effect("the pool gets 64 calls at once and the others in order, also after one that could not start", () =>
    Effect.gen(function* () {
      const order: Array<number> = []
      let [running, most] = [0, 0]
      const all = yield* Deferred.make<void>()
      for (let index = 0; index < 300; index++) {
        PooledCall.run(
          { koffi, libc },
          {
            memory: [],
            start: (done) => {
              if (index % 50 === 7) throw new Error("too many")
              running += 1
              most = Math.max(most, running)
              setImmediate(() => {
                running -= 1
                done(null, index)
              })
            },
            done: (result) => {
              order.push(result < 0 ? -1 : index)
              if (order.length === 300) Deferred.unsafeDone(all, Effect.void)
            }
          }
        )
      }
      yield* Deferred.await(all)
      assert.strictEqual(most, 64)
      const started = order.filter((index) => index >= 0)
      assert.strictEqual(started.length, 294)
      assert.deepStrictEqual(
        started,
        [...started].sort((one, other) => one - other)
      )
    })
  )

  it("statx tells what lstat tells", () => {
    const compare = (folder: string, names: ReadonlyArray<string>) => {
      const directory = Fs.openSync(folder, "r")
      const askAt = Status.statx({ koffi, libc }, directory) ?? assert.fail("it is Linux")
      for (const name of names) {
        const stats = Fs.lstatSync(`${folder}/${name}`, { bigint: true })
        assert.deepStrictEqual(askAt(directory, name), Status.fromStats(stats), name)
      }
      assert.strictEqual(askAt(directory, "no such name"), Os.constants.errno.ENOENT)
      assert.strictEqual(askAt(directory, "x".repeat(300)), Os.constants.errno.ENAMETOOLONG)
      assert.isUndefined(Status.toLookAt(askAt)(directory, "no such name"))
      Fs.closeSync(directory)
    }
    compare("/", ["dev", "proc", "tmp", "etc"])
    compare("/dev", ["null", "fd"])
    compare("/etc", ["passwd", "group"])
  })

  it.scoped("a directory is read on the pool first, and then in this turn for as long as that takes no waiting", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      const all = Array.from({ length: 5000 }, (_, index) => `name-${String(index).padStart(5, "0")}`)
      for (const name of all) Fs.writeFileSync(`${folder}/${name}`, "")
      const open = Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync(folder, "r"))))
      let count = 0
      const cached = () => 0
      const uncached = () => count++
      for (const [unsafeWaits, turns] of [
        [cached, "LNNN"],
        [uncached, "LNLL"],
        [undefined, "LLLL"]
      ] as const) {
        const next = Folder.names({ koffi, libc }, unsafeWaits)?.(yield* open) ?? assert.fail("no getdents64")
        const found: Array<string> = []
        let seen = ""
        for (let ended = false; !ended; ) {
          const fiber = Effect.runFork(next)
          seen += fiber.unsafePoll() === null ? "L" : "N"
          const names = yield* Fiber.join(fiber)
          for (const name of names ?? []) found.push(name)
          ended = names === undefined
        }
        assert.isTrue(seen.startsWith(turns), seen)
        assert.deepStrictEqual(found.sort(), all)
      }
    })
  )

  it("a wait inside a system call is counted", () => {
    const waits = ThreadWaits.make({ koffi, libc }) ?? assert.fail("no getrusage")
    const before = waits()
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1)
    assert.isAbove(waits(), before)
  })

  it.scoped("openat2 opens below its root and nowhere else, with and without waiting", () =>
    Effect.gen(function* () {
      const folder = yield* temporary
      for (const name of ["root", "outside"]) Fs.mkdirSync(`${folder}/${name}`)
      Fs.writeFileSync(`${folder}/root/file`, "content")
      Fs.symlinkSync("file", `${folder}/root/link`)
      Fs.symlinkSync("../root/file", `${folder}/root/out-and-in`)
      const closing = yield* Scope.make()
      const root = yield* Scope.extend(
        Descriptor.scoped((keep) => Effect.sync(() => keep(Fs.openSync(`${folder}/root`, "r")))),
        closing
      )
      const beneath = Beneath.make({ koffi, libc }, root)
      if (beneath === undefined) return assert.fail("this kernel has no openat2")
      const before = descriptors()
      const opened: Array<number> = []
      const open = (path: string, options?: { readonly links: "none" }) =>
        Effect.either(beneath.open(path, Beneath.flags.cloexec, (fd) => opened.push(fd), options)).pipe(
          Effect.map((result) => (result._tag === "Left" ? result.left.code : "opened"))
        )
      assert.strictEqual(yield* open("file"), "opened")
      assert.strictEqual(yield* open("link"), "opened")
      assert.strictEqual(yield* open("link", { links: "none" }), "ELOOP")
      assert.strictEqual(yield* open("."), "opened")
      assert.strictEqual(yield* open(".."), "EXDEV")
      assert.strictEqual(yield* open("../outside"), "EXDEV")
      assert.strictEqual(yield* open("/etc/passwd"), "EXDEV")
      assert.strictEqual(yield* open("out-and-in"), "EXDEV")
      assert.strictEqual(yield* open("missing"), "ENOENT")
      assert.strictEqual(yield* open(`${"x".repeat(256)}`), "ENAMETOOLONG")
      const cached = beneath.unsafeOpenCached("file", Beneath.flags.path)
      assert.isAtLeast(cached, 0)
      assert.isBelow(beneath.unsafeOpenCached("../outside", Beneath.flags.path), 0)
      for (const fd of [...opened, cached]) Fs.closeSync(fd)
      assert.strictEqual(descriptors(), before)
      yield* Scope.close(closing, Exit.void)
      assert.strictEqual(yield* open("file"), "EBADF")
      assert.isUndefined(Beneath.make({ koffi, libc }, root))
    })
  )
}
