const lf = 0x0a
const cr = 0x0d

/**
 * What one chunk leaves to the next while encoding: whether it ended in a CR.
 *
 * @since 0.1.0
 * @category models
 */
export interface EncodeState {
  readonly carriageReturn: boolean
}

/**
 * What one chunk leaves to the next while decoding: whether a CR at its end is held back.
 *
 * @since 0.1.0
 * @category models
 */
export interface DecodeState {
  readonly carriageReturn: boolean
}

const noCarriageReturn = { carriageReturn: false }
const carriageReturn = { carriageReturn: true }

const stateAfter = (chunk: Uint8Array): EncodeState & DecodeState =>
  chunk[chunk.length - 1] === cr ? carriageReturn : noCarriageReturn

/**
 * The start of a download in TYPE A.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyEncode: EncodeState = noCarriageReturn

/**
 * The start of an upload in TYPE A.
 *
 * @since 0.1.0
 * @category constructors
 */
export const emptyDecode: DecodeState = noCarriageReturn

const nothing = new Uint8Array(0)

/** Up to here a loop beats the call into the engine. */
const nearby = 16
const short = 32

const find = (bytes: Uint8Array, value: number, from: number): number => {
  const near = Math.min(from + nearby, bytes.length)
  for (let index = from; index < near; index++) {
    if (bytes[index] === value) return index
  }
  return near === bytes.length ? -1 : bytes.indexOf(value, near)
}

const copy = (target: Uint8Array, at: number, source: Uint8Array, from: number, to: number): number => {
  if (to - from < short) {
    for (let index = from, next = at; index < to; index++, next++) target[next] = source[index] ?? 0
  } else {
    target.set(source.subarray(from, to), at)
  }
  return at + to - from
}

/**
 * Turns the bytes of a stored file into those that TYPE A sends (RFC 959 section 3.1.1.1): a bare LF becomes CR LF, a CR LF
 * stays. How the file is cut into chunks never changes what comes out. A chunk that needs no change is given back itself;
 * otherwise one new array of the right size is made.
 *
 * @since 0.1.0
 * @category encoding
 */
export const encode = (state: EncodeState, chunk: Uint8Array): readonly [EncodeState, Uint8Array] => {
  if (chunk.length === 0) return [state, chunk]
  const isBare = (index: number): boolean => (index === 0 ? !state.carriageReturn : chunk[index - 1] !== cr)
  let bare = 0
  for (let index = find(chunk, lf, 0); index >= 0; index = find(chunk, lf, index + 1)) {
    if (isBare(index)) bare++
  }
  const next = stateAfter(chunk)
  if (bare === 0) return [next, chunk]
  const bytes = new Uint8Array(chunk.length + bare)
  let at = 0
  let from = 0
  for (let index = find(chunk, lf, 0); index >= 0; index = find(chunk, lf, index + 1)) {
    if (!isBare(index)) continue
    at = copy(bytes, at, chunk, from, index)
    bytes[at++] = cr
    from = index
  }
  copy(bytes, at, chunk, from, chunk.length)
  return [next, bytes]
}

/**
 * Turns the bytes TYPE A receives into those of a stored file: CR LF becomes LF, a CR elsewhere is kept. A CR at the end of a
 * chunk is held back until the next one tells what it is; {@link flush} gives it out at the end. How the bytes are cut
 * into chunks never changes what comes out, and decoding what {@link encode} made of bytes without CR gives them back. A
 * chunk that needs no change is given back itself; otherwise one new array of the right size is made.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decode = (state: DecodeState, chunk: Uint8Array): readonly [DecodeState, Uint8Array] => {
  if (chunk.length === 0) return [state, chunk]
  const next = stateAfter(chunk)
  const end = next.carriageReturn ? chunk.length - 1 : chunk.length
  const held = state.carriageReturn && chunk[0] !== lf ? 1 : 0
  let pairs = 0
  for (let index = find(chunk, cr, 0); index >= 0; index = find(chunk, cr, index + 1)) {
    if (chunk[index + 1] === lf) pairs++
  }
  if (pairs === 0 && held === 0) return [next, end === chunk.length ? chunk : chunk.subarray(0, end)]
  const bytes = new Uint8Array(held + end - pairs)
  if (held === 1) bytes[0] = cr
  let at = held
  let from = 0
  for (let index = find(chunk, cr, 0); index >= 0; index = find(chunk, cr, index + 1)) {
    if (chunk[index + 1] !== lf) continue
    at = copy(bytes, at, chunk, from, index)
    from = index + 1
  }
  copy(bytes, at, chunk, from, end)
  return [next, bytes]
}

/**
 * What decoding still holds back when the bytes have ended: one CR or nothing.
 *
 * @since 0.1.0
 * @category decoding
 */
export const flush = (state: DecodeState): Uint8Array => (state.carriageReturn ? Uint8Array.of(cr) : nothing)
