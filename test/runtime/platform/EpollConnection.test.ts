import * as Fs from "node:fs"
import * as Os from "node:os"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as Descriptor from "../../../src/runtime/platform/Descriptor.ts"
import { EpollConnection } from "../../../src/runtime/platform/EpollConnection.ts"
import { ffi } from "../../../src/runtime/platform/Ffi.ts"
import * as OwnDescriptors from "../../../src/runtime/platform/OwnDescriptors.ts"
import type { Poller, Watched } from "../../../src/runtime/platform/Poller.ts"
import type { SocketIo } from "../../../src/runtime/platform/SocketIo.ts"
import * as SocketOptions from "../../../src/runtime/platform/SocketOptions.ts"
import type { TcpError } from "../../../src/runtime/platform/Tcp.ts"
import * as Descriptors from "../../support/Descriptors.ts"

const { EAGAIN, ECONNRESET } = Os.constants.errno

/** A connection over a descriptor that need not be a socket's: what the kernel says and takes is the test's. */
const stage = (descriptor = Fs.openSync("/dev/null", "r+")) => {
  const sent: Array<string> = []
  const incoming: Array<string> = []
  /** What each read found; nothing is `undefined`, and the end 0. */
  const asked: Array<number | undefined> = []
  const pooled: Array<(count: number) => void> = []
  const tasks: Array<() => void> = []
  const watched = new Map<number, Watched>()
  let room = 0
  const io = {
    receive: (_descriptor, target, length) => {
      if (length === 0) return 0
      const bytes = incoming.shift()
      asked.push(bytes?.length)
      if (bytes === undefined) return -EAGAIN
      target.set(Buffer.from(bytes))
      return bytes.length
    },
    send: (_descriptor, bytes, length) => {
      const taken = Math.min(length, room)
      room -= taken
      if (taken > 0) sent.push(Buffer.from(bytes.slice(0, taken)).toString())
      return taken > 0 ? taken : -EAGAIN
    },
    sendFile: (_descriptor, _file, _position, length) => {
      sent.push("file")
      return length
    },
    sendFileOnPool: (_descriptor, _file, _position, _length, done) => void pooled.push(done),
    shutdown: () => {
      sent.push("FIN")
      return 0
    }
  } as Partial<SocketIo> as SocketIo
  const poller: Poller = {
    watch: (number, one) => {
      watched.set(number, one)
      return true
    },
    forget: (number) => void watched.delete(number),
    drop: (number) => void watched.delete(number),
    later: (task) => void tasks.push(task),
    unhurried: (task) => void tasks.push(() => task(false))
  }
  return {
    connection: new EpollConnection(io, poller, descriptor),
    descriptor,
    sent,
    incoming,
    asked,
    pooled,
    watched,
    /** The kernel takes so many bytes more, and says so. */
    take: (bytes: number) => {
      room = bytes
      watched.get(descriptor)?.unsafeReady(false, true, false, false)
    },
    turn: () => {
      for (const task of tasks.splice(0)) task()
    }
  }
}

describe.skipIf(ffi === undefined)("EpollConnection", () => {
  it("keeps its descriptor and the file's for the pool, and closes them once", () => {
    const { connection, descriptor, pooled, sent, watched } = stage()
    const file = Descriptor.unsafeOwned(Fs.openSync("/dev/null", "r"), Fs.closeSync)
    const { fd } = file
    const counts: Array<number> = []
    const send = () => connection.unsafeSendFileOnPool(file, 0, 10, (count) => void counts.push(count))
    assert.deepStrictEqual([send(), send()], [true, true])
    connection.unsafeDestroy()
    file.unsafeClose()
    assert.isUndefined(connection.descriptor)
    assert.isTrue(Descriptors.unsafeIsOpen(descriptor))
    assert.deepStrictEqual(sent, ["FIN"], "who sends by it is to fail")
    assert.isFalse(send())
    pooled.shift()?.(10)
    assert.deepStrictEqual([descriptor, fd].map(Descriptors.unsafeIsOpen), [true, true])
    pooled.shift()?.(-ECONNRESET)
    assert.deepStrictEqual([descriptor, fd].map(Descriptors.unsafeIsOpen), [false, false])
    assert.deepStrictEqual(counts, [10, -ECONNRESET])
    assert.strictEqual(watched.size, 0)
  })

  it("gives its descriptor away once, and is silent from then on", () => {
    const { connection, descriptor, incoming, turn, watched } = stage()
    const heard: Array<string> = []
    connection.read({
      onData: () => heard.push("data"),
      onEnd: () => heard.push("end"),
      onClose: () => heard.push("close")
    })
    const told = watched.get(descriptor)
    assert.strictEqual(connection.unsafeYield(), descriptor)
    assert.isUndefined(connection.unsafeYield())
    assert.strictEqual(watched.size, 0)
    incoming.push("late")
    told?.unsafeReady(true, true, true, true)
    connection.unsafeDestroy()
    turn()
    assert.deepStrictEqual(heard, [])
    assert.isTrue(Descriptors.unsafeIsOpen(descriptor))
    Fs.closeSync(descriptor)
  })

  it("has nothing to give away once it is closed, and its reader is told of that all the same", () => {
    const { connection, turn } = stage()
    let closed = 0
    connection.read({ onData: () => {}, onEnd: () => {}, onClose: () => closed++ })
    connection.unsafeDestroy()
    assert.isUndefined(connection.unsafeYield())
    turn()
    assert.strictEqual(closed, 1)
  })

  it("throws away what nobody reads without touching what another connection's reader is at work on", () => {
    const control = stage()
    const data = stage()
    const heard: Array<string> = []
    control.connection.read({
      onData: (bytes) => {
        data.connection.unsafeForgetInput()
        heard.push(Buffer.from(bytes).toString())
      },
      onEnd: () => {},
      onClose: () => {}
    })
    data.incoming.push("nobody reads this")
    control.incoming.push("RETR file")
    control.watched.get(control.descriptor)?.unsafeReady(true, false, false, false)
    assert.deepStrictEqual(heard, ["RETR file"])
    assert.deepStrictEqual(data.incoming, [])
    for (const { connection } of [control, data]) connection.unsafeDestroy()
  })

  it("takes no room for no end, and loses only itself where its reader has none to give", () => {
    const { connection, descriptor, incoming, turn, watched } = stage()
    const heard: Array<string> = []
    let failure: TcpError | undefined
    let room = (): Uint8Array | undefined => new Uint8Array(0)
    connection.read({
      unsafeRoom: () => room(),
      onData: (bytes) => void heard.push(Buffer.from(bytes).toString()),
      onEnd: () => void heard.push("END"),
      onClose: (error) => {
        failure = error
      }
    })
    incoming.push("STOR")
    watched.get(descriptor)?.unsafeReady(true, false, false, false)
    assert.deepStrictEqual(heard, ["STOR"])
    room = () => {
      throw new RangeError("no memory")
    }
    incoming.push("more")
    watched.get(descriptor)?.unsafeReady(true, false, false, false)
    turn()
    assert.deepStrictEqual(heard, ["STOR"])
    assert.strictEqual(failure?.reason, "Other")
    assert.isFalse(Descriptors.unsafeIsOpen(descriptor))
  })

  it("lets its reader take what has come, reads what that leaves to it, and all where something is urgent", () => {
    const { connection, asked, descriptor, incoming, watched } = stage()
    const heard: Array<string> = []
    const takes: Array<number | undefined> = [1000, 5, -EAGAIN]
    connection.read({
      unsafeReceive: (one) => {
        heard.push(`take from ${one === descriptor ? "it" : "another"}`)
        return takes.shift()
      },
      onData: (bytes) => void heard.push(Buffer.from(bytes).toString()),
      onEnd: () => void heard.push("END"),
      onClose: () => void heard.push("CLOSED")
    })
    const tell = (odd: boolean) => watched.get(descriptor)?.unsafeReady(true, false, false, odd)
    tell(false)
    assert.deepStrictEqual(heard.splice(0), Array(3).fill("take from it"))
    assert.deepStrictEqual(asked, [])
    takes.push(undefined, 0)
    incoming.push("x".repeat(5000), "END?")
    tell(false)
    assert.deepStrictEqual(
      heard.splice(0),
      ["take from it", "x".repeat(5000), "take from it", "END?"],
      "0 is no end yet"
    )
    incoming.push("urgent")
    takes.push(1000)
    tell(true)
    assert.deepStrictEqual(heard, ["urgent"])
    connection.unsafeDestroy()
  })

  it("takes no reset that its reader came upon for the end, which is all that a read behind it finds", () => {
    const { asked, connection, descriptor, incoming, turn, watched } = stage()
    const heard: Array<string> = []
    const takes = [1000, -ECONNRESET]
    connection.read({
      unsafeReceive: () => takes.shift(),
      onData: () => void heard.push("DATA"),
      onEnd: () => void heard.push("END"),
      onClose: (error) => void heard.push(error?.reason ?? "CLOSED")
    })
    incoming.push("")
    watched.get(descriptor)?.unsafeReady(true, false, false, false)
    turn()
    assert.deepStrictEqual({ heard, asked }, { heard: ["Reset"], asked: [] })
    assert.isFalse(Descriptors.unsafeIsOpen(descriptor))
  })

  it("sends no file ahead of text that waits", () => {
    const { connection, sent, take } = stage()
    const told: Array<TcpError | undefined> = []
    assert.isTrue(connection.unsafeWrite("150 Here it comes\r\n"))
    connection.unsafeFlow((failure) => void told.push(failure))
    assert.strictEqual(connection.unsafeSendFile(0, 0, 10), -EAGAIN)
    assert.strictEqual(connection.unsafeSendLast(0, 0, 10), -EAGAIN)
    assert.strictEqual(connection.unsafeWriteLast(new Uint8Array(10)), -EAGAIN)
    take(4)
    assert.deepStrictEqual([sent, told], [["150 "], []])
    assert.strictEqual(connection.unsafePending(), 15)
    take(100)
    assert.deepStrictEqual([sent, told], [["150 ", "Here it comes\r\n"], [undefined]])
    assert.strictEqual(connection.unsafeSendFile(0, 0, 10), 10)
    connection.unsafeDestroy()
  })

  it("sends text of every length and language as it is", () => {
    const { connection, sent, take } = stage()
    take(1_000_000)
    const lengths = [0, 1, 2, 255, 256, 257, 4095, 4096, 4097, 2, 256, 1]
    const said = lengths.flatMap((length) => [
      "a".repeat(length),
      `${"b".repeat(length)}\r\n`,
      `${"c".repeat(length)}é`
    ])
    for (const text of said) connection.unsafeWrite(text)
    assert.deepStrictEqual(
      sent,
      said.filter((text) => text !== "")
    )
    connection.unsafeDestroy()
  })

  it("gives what comes in every length as it is", () => {
    const { connection, descriptor, incoming, watched } = stage()
    const got: Array<string> = []
    const onData = (bytes: Uint8Array) => void got.push(Buffer.from(bytes).toString())
    connection.read({ onData, onEnd: () => {}, onClose: () => {} })
    const came = [1, 2, 255, 256, 257, 5000, 2, 256, 1].map((length, at) => String(at).repeat(length))
    for (const text of came) {
      incoming.push(text)
      watched.get(descriptor)?.unsafeReady(true, false, false, false)
    }
    assert.deepStrictEqual(got, came)
    connection.unsafeDestroy()
  })

  it("keeps text that waits from what is written meanwhile", () => {
    const [one, other] = [stage(), stage()]
    one.connection.unsafeWrite("first")
    other.connection.unsafeWrite("other")
    one.connection.unsafeWrite("last")
    one.take(100)
    assert.deepStrictEqual(one.sent, ["first", "last"])
    one.connection.unsafeDestroy()
    other.connection.unsafeDestroy()
  })

  it("tells what goes on by itself that it is over, and nothing after that", () => {
    const { connection, take } = stage()
    const told: Array<string | undefined> = []
    connection.unsafeFlow((failure) => void told.push(failure?.reason))
    connection.unsafeDestroy()
    connection.unsafeDestroy()
    take(100)
    assert.deepStrictEqual(told, ["Closed"])
  })

  it.effect("sends its FIN behind what waits, and closes once the peer's has come", () =>
    Effect.gen(function* () {
      const { connection, descriptor, sent, take, turn, watched } = stage()
      const closed: Array<TcpError | undefined> = []
      connection.read({ onData: () => {}, onEnd: () => {}, onClose: (error) => void closed.push(error) })
      connection.unsafeWrite("221 Bye\r\n")
      const ending = yield* Effect.fork(connection.end)
      yield* Effect.yieldNow()
      assert.deepStrictEqual(sent, [])
      assert.isFalse(connection.unsafeWrite("more"))
      take(100)
      yield* ending.await
      assert.deepStrictEqual(sent, ["221 Bye\r\n", "FIN"])
      assert.isTrue(Descriptors.unsafeIsOpen(descriptor))
      watched.get(descriptor)?.unsafeReady(true, true, true, true)
      connection.unsafeDestroy()
      assert.deepStrictEqual(closed, [], "the reader is not told in the middle of what destroys")
      turn()
      turn()
      assert.deepStrictEqual(closed, [undefined])
    })
  )

  it("asks for nothing behind a few bytes, unless the end or urgent data may be there", () => {
    const { asked, connection, descriptor, incoming, watched } = stage()
    const heard: Array<string> = []
    const come = (odd: boolean, ...texts: ReadonlyArray<string>) => {
      incoming.push(...texts)
      watched.get(descriptor)?.unsafeReady(true, false, false, odd)
      return asked.splice(0)
    }
    connection.read({
      onData: (bytes) => void heard.push(Buffer.from(bytes).toString()),
      onEnd: () => void heard.push("END"),
      onClose: () => {}
    })
    assert.deepStrictEqual(come(false, "NOOP\r\n"), [6])
    const many = "x".repeat(4096)
    assert.deepStrictEqual(come(false, many), [4096, undefined], "where much has come, more may have")
    assert.deepStrictEqual(come(true, "AB", "OR\r\n"), [2, 4, undefined])
    assert.deepStrictEqual(come(false, "QUIT\r\n", ""), [6, 0], "what was odd may be so still")
    assert.deepStrictEqual(heard, ["NOOP\r\n", many, "AB", "OR\r\n", "QUIT\r\n", "END"])
    connection.unsafeDestroy()
  })

  it("reads nothing while it is paused, and then what came meanwhile, of which nobody tells again", () => {
    const { connection, descriptor, incoming, turn, watched } = stage()
    const heard: Array<string> = []
    const come = (...texts: ReadonlyArray<string>) => {
      incoming.push(...texts)
      watched.get(descriptor)?.unsafeReady(true, false, false, true)
    }
    connection.read({
      onData: (bytes) => {
        heard.push(Buffer.from(bytes).toString())
        if (heard.at(-1) === "stop") connection.pause()
      },
      onEnd: () => {},
      onClose: () => {}
    })
    come("one")
    assert.deepStrictEqual(heard, ["one"])
    come("stop", "two")
    turn()
    assert.deepStrictEqual(heard.splice(0), ["one", "stop"])
    connection.resume()
    assert.deepStrictEqual(heard, [], "not in the middle of what resumes")
    turn()
    assert.deepStrictEqual(heard.splice(0), ["two"])
    connection.pause()
    come("three")
    turn()
    assert.deepStrictEqual(heard, [])
    connection.resume()
    turn()
    assert.deepStrictEqual(heard, ["three"])
    connection.unsafeDestroy()
  })

  it.effect("gives its descriptor away for good", () =>
    Effect.gen(function* () {
      const register = new SharedArrayBuffer(OwnDescriptors.sharedBytes)
      OwnDescriptors.unsafeShare(register)
      const socket = SocketOptions.unsafeSocket(4) ?? -1
      OwnDescriptors.unsafeOwn(socket)
      const { connection, watched } = stage(socket)
      const unheard = () => assert.fail("it is silent from now on")
      connection.read({ onData: unheard, onEnd: unheard, onClose: unheard })
      const below = connection.unsafeSurrender()
      assert.strictEqual(watched.size, 0)
      const isKept = new Int32Array(register).some((word) => word !== 0)
      assert.isFalse(isKept, "who cleans up behind this thread must not close it")
      assert.isUndefined(connection.descriptor)
      connection.unsafeDestroy()
      yield* Descriptors.until(() => below.closed && !Descriptors.unsafeIsOpen(socket))
    })
  )
})
