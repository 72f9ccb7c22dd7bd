import * as Net from "node:net"

type Told = (count: number) => boolean

type Fields = Record<symbol, unknown>

interface Handle {
  readonly useUserBuffer?: (memory: Uint8Array) => void
}

/** Where a socket keeps what its option `onread` said: Node takes the option for sockets it connects, not for those it puts TLS on. */
const keys = (() => {
  const fields = Object.getOwnPropertySymbols(new Net.Socket())
  const named = (name: string) => fields.find(({ description }) => description === name)
  const memory = named("kBuffer")
  const told = named("kBufferCb")
  return memory === undefined || told === undefined ? undefined : { memory, told }
})()

/**
 * Has a socket that nothing was read of yet read into `memory` from now on, in place of fresh memory and a `data` event each time. `told`
 * hears how many bytes there are, and says whether to go on. `false`, and nothing done, where this version of Node cannot.
 *
 * The socket may read on a little when it was told not to, and its ends and errors are told as ever. What is pushed to it is read as
 * ever too.
 *
 * @since 0.1.0
 * @category platform
 */
export const unsafeBegin = (socket: Net.Socket, memory: Uint8Array, told: Told): boolean => {
  const { _handle: handle } = socket as unknown as { readonly _handle?: Handle | null }
  if (keys === undefined || typeof handle?.useUserBuffer !== "function") return false
  handle.useUserBuffer(memory)
  const fields = socket as unknown as Fields
  fields[keys.memory] = memory
  fields[keys.told] = told
  return true
}
