import type * as Fs from "node:fs"
import { assert, describe, it } from "@effect/vitest"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import * as NodeCall from "../../../src/runtime/platform/NodeCall.ts"
import type { OwnedPlace } from "../../../src/runtime/storage/Root.ts"
import * as Settling from "../../../src/runtime/storage/Settling.ts"

/** A disk that is done when the test says so, and directories by what tells them apart. */
const stage = () => {
  const begun: Array<{ readonly fd: number; readonly done: (error: NodeJS.ErrnoException | null) => void }> = []
  const fsync = ((fd: number, done: (typeof begun)[number]["done"]) => void begun.push({ fd, done })) as typeof Fs.fsync
  const settling = Settling.make(fsync)
  const heard: Array<string> = []
  const closed: Array<number> = []
  const ask = (name: string, directory: string | undefined, fd: number) => {
    const descriptor = Descriptor.unsafeOwned(fd, (fd) => void closed.push(fd))
    const place = { descriptor, look: () => directory && { unique: directory } } as unknown as OwnedPlace
    settling.unsafeSettle(place, (isConfirmed) => void heard.push(`${name} ${isConfirmed}`))
    descriptor.unsafeClose()
  }
  return { ask, begun, closed, heard }
}

describe("waiting for the disk to keep the names of a directory", () => {
  it("is done once for all who ask while another sync is under way, and not before that is over", () => {
    const at = stage()
    at.ask("a", "one", 1)
    at.ask("b", "one", 2)
    at.ask("c", "one", 3)
    assert.deepStrictEqual([at.begun.map(({ fd }) => fd), at.heard], [[1], []])
    at.begun[0]?.done(null)
    assert.deepStrictEqual([at.begun.map(({ fd }) => fd), at.heard], [[1, 2], ["a true"]])
    at.ask("d", "one", 4)
    at.begun[1]?.done(null)
    assert.deepStrictEqual(at.heard, ["a true", "b true", "c true"])
    at.begun[2]?.done(null)
    assert.deepStrictEqual(at.heard.at(-1), "d true")
    at.ask("e", "one", 5)
    assert.deepStrictEqual(
      at.begun.map(({ fd }) => fd),
      [1, 2, 4, 5]
    )
  })

  it("keeps nobody waiting for another directory, or for one that nobody can tell apart", () => {
    const at = stage()
    at.ask("a", "one", 1)
    at.ask("b", "other", 2)
    at.ask("c", undefined, 3)
    at.ask("d", undefined, 4)
    assert.deepStrictEqual(
      at.begun.map(({ fd }) => fd),
      [1, 2, 3, 4]
    )
  })

  it("tells all of them what the disk said, and holds the directory until then", () => {
    const at = stage()
    at.ask("a", "one", 1)
    at.ask("b", "one", 2)
    at.ask("c", "one", 3)
    at.begun[0]?.done(NodeCall.systemError(22, "fsync"))
    assert.deepStrictEqual([at.heard, at.closed], [["a true"], [1]])
    at.begun[1]?.done(NodeCall.systemError(5, "fsync"))
    assert.deepStrictEqual(
      [at.heard, at.closed],
      [
        ["a true", "b false", "c false"],
        [1, 2, 3]
      ]
    )
  })
})
