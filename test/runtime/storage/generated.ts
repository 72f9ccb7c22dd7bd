/** The names that are stored over and over. */
export const names = ["one", "two", "three", "four"] as const

const header = 8

/** A content that tells from its first bytes what all of it must be. */
export const content = (serial: number): Buffer =>
  Buffer.alloc(header + ((serial * 7919) % 300_000), String(serial).padStart(header, "0"))

/** Whether it is such a content, all of it. */
export const isWhole = (bytes: Buffer): boolean =>
  bytes.length >= header && bytes.equals(content(Number(bytes.toString("latin1", 0, header))))

/** Whether it is the beginning of one. */
export const isFront = (bytes: Buffer): boolean =>
  bytes.length < header || bytes.equals(content(Number(bytes.toString("latin1", 0, header))).subarray(0, bytes.length))
