import * as Schema from "effect/Schema"

/** The value of four decimal numbers with dots between, or `undefined`; a leading zero is refused, for it may mean octal. */
const parseIPv4 = (text: string): ReadonlyArray<number> | undefined => {
  const parts = text.split(".")
  if (parts.length !== 4) return undefined
  const bytes: Array<number> = []
  for (const part of parts) {
    const value = parseByte(part)
    if (value === undefined) return undefined
    bytes.push(value)
  }
  return bytes
}

const parseByte = (text: string): number | undefined => {
  if (!/^(?:0|[1-9]\d{0,2})$/.test(text)) return undefined
  const value = Number(text)
  return value <= 255 ? value : undefined
}

const parseGroups = (text: string): ReadonlyArray<number> | undefined => {
  if (text === "") return []
  const groups: Array<number> = []
  const parts = text.split(":")
  for (const [index, part] of parts.entries()) {
    const tail = index === parts.length - 1 && part.includes(".") ? parseIPv4(part) : undefined
    if (tail !== undefined) {
      const [a = 0, b = 0, c = 0, d = 0] = tail
      groups.push(a * 256 + b, c * 256 + d)
    } else if (/^[\da-f]{1,4}$/i.test(part)) groups.push(Number.parseInt(part, 16))
    else return undefined
  }
  return groups
}

/** The eight groups of RFC 4291 section 2.2, or `undefined`; zone ids are none of them. */
const parseIPv6 = (text: string): ReadonlyArray<number> | undefined => {
  const gap = text.indexOf("::")
  if (gap < 0) {
    const groups = parseGroups(text)
    return groups?.length === 8 ? groups : undefined
  }
  const left = parseGroups(text.slice(0, gap))
  const right = parseGroups(text.slice(gap + 2))
  if (left === undefined || right === undefined || text.slice(0, gap).includes(".")) return undefined
  const missing = 8 - left.length - right.length
  return missing < 1 ? undefined : [...left, ...Array.from({ length: missing }, () => 0), ...right]
}

const isMapped = (groups: ReadonlyArray<number>): boolean =>
  groups.every((group, index) => (index < 5 ? group === 0 : index > 5 || group === 0xffff))

const printIPv6 = (groups: ReadonlyArray<number>): string => {
  const [, , , , , , high = 0, low = 0] = groups
  if (isMapped(groups)) return `${high >> 8}.${high & 0xff}.${low >> 8}.${low & 0xff}`
  let start = 0
  let longest = 1
  for (let index = 0; index < 8; index++) {
    let end = index
    while (groups[end] === 0) end++
    if (end - index > longest) {
      start = index
      longest = end - index
    }
  }
  const print = (part: ReadonlyArray<number>) => part.map((group) => group.toString(16)).join(":")
  return longest === 1 ? print(groups) : `${print(groups.slice(0, start))}::${print(groups.slice(start + longest))}`
}

/**
 * Tells whether a text is an IPv4 address in dotted decimal.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIPv4 = (text: string): boolean => parseIPv4(text) !== undefined

/**
 * Tells whether a text is an IPv6 address (RFC 4291 section 2.2), without a zone id.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isIPv6 = (text: string): boolean => parseIPv6(text) !== undefined

/**
 * The one spelling of an address, so that addresses can be compared as text: IPv6 as RFC 5952 has it and without zone id, an
 * IPv4 address inside IPv6 (::ffff:1.2.3.4) as IPv4. What is no address is given back as it is.
 *
 * @since 0.1.0
 * @category conversions
 */
export const normalize = (address: string): string => {
  if (!address.includes(":")) return address
  const zone = address.indexOf("%")
  const groups = parseIPv6(zone < 0 ? address : address.slice(0, zone))
  return groups === undefined ? address : printIPv6(groups)
}

const isOf = (protocol: 1 | 2, address: string): boolean => (protocol === 1 ? isIPv4(address) : isIPv6(address))

const hostPortFields = Schema.Struct({
  protocol: Schema.Literal(1, 2),
  address: Schema.String,
  port: Schema.Int.pipe(Schema.between(1, 65535))
})

/**
 * One end of a data connection. `protocol` is RFC 2428's number: 1 is IPv4, 2 is IPv6; `address` is of that protocol.
 *
 * @since 0.1.0
 * @category models
 */
export class HostPort extends Schema.Class<HostPort>("weft/HostPort")(
  hostPortFields.pipe(Schema.filter(({ address, protocol }) => isOf(protocol, address))),
  {
    arbitrary: () => (fc) =>
      fc
        .record({
          address: fc.oneof(fc.ipV4(), fc.ipV6().map(normalize)),
          port: fc.integer({ min: 1, max: 65535 })
        })
        .map(({ address, port }) => make(address, port))
  }
) {}

const make = (address: string, port: number): HostPort =>
  new HostPort({ protocol: isIPv4(address) ? 1 : 2, address, port })

/**
 * Reads PORT's argument "h1,h2,h3,h4,p1,p2" (RFC 959 section 5.3.2). Anything but six plain numbers up to 255, and port 0, is
 * `undefined`.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parsePort = (text: string): HostPort | undefined => {
  const numbers = text.split(",").map(parseByte)
  const [, , , , high, low] = numbers
  if (numbers.length !== 6 || numbers.includes(undefined) || high === undefined || low === undefined) return undefined
  const port = high * 256 + low
  return port === 0 ? undefined : make(numbers.slice(0, 4).join("."), port)
}

/**
 * Writes "h1,h2,h3,h4,p1,p2" for PORT and the 227 reply. It has no room for IPv6: such an address becomes 0,0,0,0, which
 * clients read as the address they are connected to.
 *
 * @since 0.1.0
 * @category printing
 */
export const printPort = ({ address, port, protocol }: HostPort): string =>
  `${(protocol === 1 ? address : "0.0.0.0").replaceAll(".", ",")},${port >> 8},${port & 0xff}`

/**
 * Reads EPRT's argument "|protocol|address|port|" (RFC 2428 section 2); any character from "!" to "~" may take the bar's place.
 * A protocol other than 1 and 2 is "UnsupportedProtocol" (reply 522), anything else wrong `undefined`. The address comes out
 * normalised, so IPv4 inside IPv6 comes out as protocol 1.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parseEprt = (text: string): HostPort | "UnsupportedProtocol" | undefined => {
  const delimiter = text.charAt(0)
  if (delimiter < "!" || delimiter > "~") return undefined
  const [protocol = "", address = "", digits = "", rest, ...more] = text.slice(1).split(delimiter)
  if (rest !== "" || more.length > 0 || !/^\d+$/.test(protocol)) return undefined
  if (protocol !== "1" && protocol !== "2") return "UnsupportedProtocol"
  const port = /^[1-9]\d{0,4}$/.test(digits) ? Number(digits) : 0
  if (port < 1 || port > 65535 || !isOf(protocol === "1" ? 1 : 2, address)) return undefined
  return make(normalize(address), port)
}

/**
 * Writes EPRT's argument.
 *
 * @since 0.1.0
 * @category printing
 */
export const printEprt = ({ address, port, protocol }: HostPort): string => `|${protocol}|${address}|${port}|`

const toBits = (address: string): string | undefined => {
  const four = parseIPv4(address)
  if (four !== undefined) return four.map((byte) => byte.toString(2).padStart(8, "0")).join("")
  return parseIPv6(address)
    ?.map((group) => group.toString(2).padStart(16, "0"))
    .join("")
}

const mappedBits = 96

/** The leading bits all addresses of a network share, and how long its addresses are. */
const parseCidr = (cidr: string): { readonly prefix: string; readonly width: number } | undefined => {
  const [address = "", length, ...rest] = cidr.split("/")
  const bits = toBits(address)
  if (bits === undefined || rest.length > 0) return undefined
  const size = length === undefined ? bits.length : (parseByte(length) ?? -1)
  if (size < 0 || size > bits.length) return undefined
  const isInner = bits.length === 128 && size >= mappedBits && isIPv4(normalize(address))
  const skip = isInner ? mappedBits : 0
  return { prefix: bits.slice(skip, size), width: bits.length - skip }
}

/**
 * Tells whether a text names a network ("10.0.0.0/8", "fd00::/8") or a single address. Bits behind the prefix do not matter.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isCidr = (text: string): boolean => parseCidr(text) !== undefined

/**
 * Tells whether an address lies in a network. IPv4 inside IPv6 counts as IPv4 on both sides; apart from that an address of one
 * protocol lies in no network of the other. What is no address or no network never matches.
 *
 * @since 0.1.0
 * @category predicates
 */
export const matches = (cidr: string, address: string): boolean => {
  const network = parseCidr(cidr)
  const bits = toBits(normalize(address))
  return network !== undefined && bits !== undefined && bits.length === network.width && bits.startsWith(network.prefix)
}
