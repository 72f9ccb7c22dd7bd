import { createRequire } from "node:module"
import type * as Koffi from "koffi"

/**
 * The C library as koffi opened it, or `undefined` where FFI is missing (another platform, or the optional package was not
 * installed). Each module that needs a function declares it from here; what they then do without it is theirs to say.
 *
 * @since 0.1.0
 * @category platform
 */
export interface Ffi {
  readonly koffi: typeof Koffi
  readonly libc: Koffi.LibraryHandle
}

const load = (): Ffi | undefined => {
  if (process.platform !== "linux") return undefined
  try {
    const koffi = createRequire(import.meta.url)("koffi") as typeof Koffi
    return { koffi, libc: koffi.load(null) }
  } catch {
    return undefined
  }
}

/** @since 0.1.0 @category platform */
export const ffi: Ffi | undefined = load()
