import * as Command from "./Command.ts"
import type * as Line from "./Line.ts"

const lf = 0x0a
const cr = 0x0d

/** Letters as one number: comparing it takes no text to be made of the bytes. */
const pack = (first: number, second: number, third: number, fourth: number): number =>
  (first << 24) | (second << 16) | (third << 8) | fourth

const packed = (verb: string): number =>
  pack(verb.charCodeAt(0), verb.charCodeAt(1), verb.charCodeAt(2), verb.charCodeAt(3))

const lines = new Map<number, ReadonlyArray<Line.Line>>(
  Command.spellingsOf(4).map((verb) => [packed(verb), [{ _tag: "Text", text: verb }]] as const)
)

/**
 * The short way of {@link Line.feed} for bytes that are a verb of four letters alone, as NOOP or EPSV most often come, where nothing is held
 * back: the same line each time. `undefined` for all others.
 *
 * @since 0.1.0
 * @category folding
 */
export const find = (bytes: Uint8Array): ReadonlyArray<Line.Line> | undefined =>
  bytes.length === 6 && bytes[4] === cr && bytes[5] === lf
    ? lines.get(pack(bytes[0] ?? 0, bytes[1] ?? 0, bytes[2] ?? 0, bytes[3] ?? 0))
    : undefined
