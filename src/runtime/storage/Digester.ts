import * as Crypto from "node:crypto"
import * as Zlib from "node:zlib"
import type * as Digest from "../../domain/Digest.ts"

/**
 * Computes a digest of bytes that pass by.
 *
 * @since 0.1.0
 * @category models
 */
export interface Digester {
  /** Takes the next bytes into account, in this turn. */
  readonly unsafeUpdate: (bytes: Uint8Array) => void
  /** The digest of all of them; at most once, and nothing can follow. `undefined` where none was wanted. */
  readonly unsafeDigest: () => Digest.Digest | undefined
}

const nodeNames = { MD5: "md5", "SHA-1": "sha1", "SHA-256": "sha256", "SHA-512": "sha512" } as const

const crc32 = (): Digester => {
  let value = 0
  return {
    unsafeUpdate: (bytes) => {
      value = Zlib.crc32(bytes, value)
    },
    unsafeDigest: () => ({ algorithm: "CRC32", value: value.toString(16).padStart(8, "0") })
  }
}

/**
 * A digester that has seen nothing yet.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (algorithm: Digest.Algorithm | "none"): Digester => {
  if (algorithm === "none") return { unsafeUpdate: () => {}, unsafeDigest: () => undefined }
  if (algorithm === "CRC32") return crc32()
  const hash = Crypto.createHash(nodeNames[algorithm])
  return {
    unsafeUpdate: (bytes) => {
      hash.update(bytes)
    },
    unsafeDigest: () => ({ algorithm, value: hash.digest("hex") })
  }
}
