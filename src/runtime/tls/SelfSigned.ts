import { Buffer } from "node:buffer"
import * as Crypto from "node:crypto"
import * as Der from "./Der.ts"

const ecdsaWithSha256 = Der.sequence(Der.oid("1.2.840.10045.4.3.2"))

const name = (commonName: string): Der.Der =>
  Der.sequence(Der.set(Der.sequence(Der.oid("2.5.4.3"), Der.utf8(commonName))))

const extension = (oid: string, isCritical: boolean, content: Der.Der): Der.Der =>
  Der.sequence(Der.oid(oid), ...(isCritical ? [Der.boolean(true)] : []), Der.octets(content))

const address = (text: string): Buffer => {
  if (!text.includes(":")) return Buffer.from(text.split(".").map(Number))
  const [head = "", tail] = text.split("::")
  const groups = (part: string): ReadonlyArray<string> => (part === "" ? [] : part.split(":"))
  const last = tail === undefined ? [] : groups(tail)
  const missing = 8 - groups(head).length - last.length
  const all = [...groups(head), ...Array.from({ length: missing }, () => "0"), ...last]
  return Buffer.from(all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]))
}

const alternative = (host: string): Der.Der =>
  /^[\d.]+$|:/.test(host) ? Der.implicit(7, address(host)) : Der.implicit(2, Buffer.from(host, "latin1"))

const day = 86_400_000
const lines = /.{1,64}/g

/**
 * A certificate that vouches for itself (RFC 5280), for an EC P-256 key made with it, both in PEM: for development, where the client
 * is told not to ask who signed it. Good for a year from `now` (milliseconds since the epoch), and an hour before for clocks
 * that are behind. `hosts` are names and IP addresses.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (options: {
  readonly hosts: readonly [string, ...ReadonlyArray<string>]
  readonly now: number
}): { readonly certificate: string; readonly key: string } => {
  const { privateKey, publicKey } = Crypto.generateKeyPairSync("ec", { namedCurve: "P-256" })
  const subject = name(options.hosts[0].slice(0, 64))
  const extensions = Der.sequence(
    extension("2.5.29.17", false, Der.sequence(...options.hosts.map(alternative))),
    extension("2.5.29.19", true, Der.sequence(Der.boolean(true))),
    extension("2.5.29.15", true, Der.bits(Buffer.of(0x84), 2)),
    extension("2.5.29.37", false, Der.sequence(Der.oid("1.3.6.1.5.5.7.3.1"), Der.oid("1.3.6.1.5.5.7.3.2")))
  )
  const toBeSigned = Der.sequence(
    Der.explicit(0, Der.integer(Buffer.of(2))),
    Der.integer(Crypto.randomBytes(16)),
    ecdsaWithSha256,
    subject,
    Der.sequence(Der.time(options.now - day / 24), Der.time(options.now + 365 * day)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    Der.explicit(3, extensions)
  )
  const signature = Crypto.sign("sha256", toBeSigned, privateKey)
  const certificate = Der.sequence(toBeSigned, ecdsaWithSha256, Der.bits(signature)).toString("base64")
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${certificate.match(lines)?.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: String(privateKey.export({ type: "pkcs8", format: "pem" }))
  }
}
