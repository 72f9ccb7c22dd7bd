/**
 * What is held against a client that guesses passwords: an IPv4 address as it is; of an IPv6 address the first 64 bits, written
 * `2001:db8:0:1::/64`, for whoever has one address of such a block has all of them. IPv4 mapped into IPv6 counts as IPv4. Text
 * that is no address stands for itself.
 *
 * @since 0.1.0
 * @category conversions
 */
export const of = (address: string): string => {
  if (!address.includes(":")) return address
  const [bare = "", bits] = address.toLowerCase().split(/[%/]/)
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)
  if (mapped?.[1] !== undefined) return mapped[1]
  const groups = expand(bare)
  if (groups === undefined || (bits !== undefined && address.includes("/") && bits !== "64")) return address
  return `${short(groups.slice(0, 4))}::/64`
}

const expand = (text: string): ReadonlyArray<number> | undefined => {
  const [head = "", tail, more] = text.split("::")
  if (more !== undefined) return undefined
  const first = groupsOf(head)
  const last = groupsOf(tail ?? "")
  if (first === undefined || last === undefined) return undefined
  const missing = 8 - first.length - last.length
  if (tail === undefined ? missing !== 0 : missing < 0) return undefined
  return [...first, ...Array.from({ length: missing }, () => 0), ...last]
}

const groupsOf = (text: string): ReadonlyArray<number> | undefined => {
  if (text === "") return []
  const groups: Array<number> = []
  for (const part of text.split(":")) {
    if (/^[0-9a-f]{1,4}$/.test(part)) groups.push(Number.parseInt(part, 16))
    else if (/^\d+\.\d+\.\d+\.\d+$/.test(part)) groups.push(0, 0)
    else return undefined
  }
  return groups
}

/** Zeros at the end are what the "::" stands for. */
const short = (groups: ReadonlyArray<number>): string => {
  let length = groups.length
  while (length > 0 && groups[length - 1] === 0) length--
  return groups
    .slice(0, length)
    .map((group) => group.toString(16))
    .join(":")
}
