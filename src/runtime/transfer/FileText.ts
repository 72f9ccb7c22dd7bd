import * as Fs from "node:fs"
import type { Payload } from "../../domain/session/Action.ts"
import * as PageCache from "../platform/PageCache.ts"
import type { Storage } from "../storage/Storage.ts"
import * as LineEnds from "./LineEnds.ts"

/** Bytes of a file that are read, turned and sent before other sessions have their turn. */
const largest = 128 * 1024

type File = Extract<Payload, { readonly _tag: "File" }>

/** Each is used in one turn. */
const plain = Buffer.allocUnsafeSlow(largest)
const turned = Buffer.allocUnsafeSlow(2 * largest + 1)

/**
 * A small file, or the part of it that was asked for, as TYPE A sends it, where no disk has to be waited for; `undefined` where that is not
 * so. The bytes are good in this turn.
 *
 * @since 0.1.0
 * @category getters
 */
export const unsafeText = (storage: Storage["Type"], { end, offset, path }: File): Uint8Array | undefined => {
  const opened = storage.unsafeOpen?.(path)
  if (opened === undefined) return undefined
  const { file, size } = opened
  const bytes = size <= largest ? unsafeRead(file.fd, size) : undefined
  file.unsafeClose()
  return bytes && LineEnds.encoder(turned).unsafeTurn(bytes).subarray(offset, end)
}

const unsafeRead = (fd: number, size: number): Uint8Array | undefined => {
  if (size > 0 && !PageCache.has(fd, 0, size)) return undefined
  try {
    return Fs.readSync(fd, plain, 0, size, 0) === size ? plain.subarray(0, size) : undefined
  } catch {
    return undefined
  }
}
