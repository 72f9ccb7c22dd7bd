import * as Os from "node:os"
import type { Descriptor } from "../platform/Descriptor.ts"
import * as PageCache from "../platform/PageCache.ts"
import type { Connection } from "../platform/Tcp.ts"

const { EAGAIN } = Os.constants.errno

/**
 * Bytes that are sent before other sessions have their turn.
 *
 * @since 0.1.0
 * @category constants
 */
export const most = 1024 * 1024

interface Part {
  readonly file: Descriptor
  readonly offset: number
  readonly length: number
}

/**
 * Sends of a file in this turn what is in the kernel's cache and what the kernel takes, and answers how many bytes that was; below 0 where
 * none ever will go out this way. Where it is all, whoever drops the connection sends the end behind it.
 *
 * @since 0.1.0
 * @category operations
 */
export const unsafeSend = (connection: Connection, { file, length: whole, offset }: Part): number => {
  const length = Math.min(whole, most)
  if (length === 0) return 0
  const sent = (length <= PageCache.portion ? sendLast : sendFile)(connection, { file, length, offset })
  return sent === -EAGAIN ? 0 : sent
}

const sendLast = (connection: Connection, { file, length, offset }: Part): number =>
  connection.unsafeSendLast?.(file.fd, offset, length) ?? -1

const sendFile = (connection: Connection, { file, length, offset }: Part): number =>
  PageCache.has(file.fd, offset, length) ? (connection.unsafeSendFile?.(file.fd, offset, length) ?? -1) : 0
