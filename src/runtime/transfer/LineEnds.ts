import * as Ascii from "../../domain/Ascii.ts"

const cr = 0x0d
const lf = 0x0a

const held: Uint8Array = Uint8Array.of(cr)
const nothing: Uint8Array = new Uint8Array(0)

/** Bytes turned at a time: the strings they become stay small, and how long the lines are may change from one to the next. */
const block = 8 * 1024

/** Where lines are shorter than so many bytes, a loop over the bytes beats the engine's search. */
const shortest = 24

/** One of the two ways line ends are turned: by the loop, or where that is `isSimple`, by the engine, which finds them faster. */
interface Way {
  readonly loop: typeof Ascii.encodeInto
  readonly isSimple: (bytes: Uint8Array, isBehindCr: boolean) => boolean
  readonly turn: (text: string) => string
}

const encoding: Way = {
  loop: Ascii.encodeInto,
  isSimple: (bytes, isBehindCr) => !bytes.includes(cr) && !(isBehindCr && bytes[0] === lf),
  turn: (text) => text.replaceAll("\n", "\r\n")
}

const decoding: Way = {
  loop: Ascii.decodeInto,
  isSimple: (bytes, isBehindCr) => !isBehindCr && bytes[bytes.length - 1] !== cr,
  turn: (text) => text.replaceAll("\r\n", "\n")
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)

/**
 * Turns the line ends of one chunk after the other, as `domain/Ascii.ts` says.
 *
 * @since 0.1.0
 * @category models
 */
export class Turning {
  readonly #way: Way
  #target: Buffer
  #isBehindCr = false
  #isDense = false

  constructor(way: Way, target: Buffer) {
    this.#way = way
    this.#target = target
  }

  /** What becomes of a chunk; good until the next one. */
  unsafeTurn(chunk: Uint8Array): Uint8Array {
    const room = 2 * chunk.length + 1
    if (this.#target.length < room) this.#target = Buffer.allocUnsafeSlow(room)
    const bytes = asBuffer(chunk)
    let end = 0
    for (let from = 0; from < bytes.length; from += block) end = this.#append(end, bytes.subarray(from, from + block))
    return this.#target.subarray(0, end)
  }

  /** What a decoder still holds back when the bytes have ended, one CR or nothing; it does so no longer. */
  unsafeFlush(): Uint8Array {
    const isHeld = this.#isBehindCr
    this.#isBehindCr = false
    return isHeld ? held : nothing
  }

  #append(at: number, bytes: Buffer): number {
    const { isSimple, loop, turn } = this.#way
    const end =
      this.#isDense || !isSimple(bytes, this.#isBehindCr)
        ? loop(this.#target, at, bytes, this.#isBehindCr)
        : at + this.#target.write(turn(bytes.toString("latin1")), at, "latin1")
    const lines = Math.abs(end - at - bytes.length)
    this.#isDense = lines * shortest > bytes.length
    this.#isBehindCr = bytes[bytes.length - 1] === cr
    return end
  }
}

/**
 * What gives a stored file's bytes the line ends of TYPE A, and what takes them away again. Whose `target` has room for twice a chunk and a
 * byte more has no other made for it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const encoder = (target = Buffer.alloc(0)): Turning => new Turning(encoding, target)

/** @since 0.1.0 @category constructors */
export const decoder = (target = Buffer.alloc(0)): Turning => new Turning(decoding, target)

/**
 * Bytes that a decoder makes these of, whatever they are.
 *
 * @since 0.1.0
 * @category conversions
 */
export const undecoded = (bytes: Uint8Array): Uint8Array =>
  Buffer.from(asBuffer(bytes).toString("latin1").replaceAll("\n", "\r\n"), "latin1")
