import * as Crypto from "node:crypto"
import * as Net from "node:net"
import { Duplex } from "node:stream"
import * as Tls from "node:tls"
import { Effect, type Scope } from "effect"

type Version = "TLSv1.2" | "TLSv1.3"

/**
 * A client of TLS that seals records of its own making behind a handshake that Node made: no library at hand sends records
 * of no length.
 */
export interface Forger {
  /** Sends records of application data with these contents in one go. */
  readonly send: (contents: ReadonlyArray<Uint8Array>) => void
  readonly raw: Net.Socket
}

const hmac = (key: Uint8Array, ...data: ReadonlyArray<Uint8Array>) =>
  Crypto.createHmac("sha256", key).update(Buffer.concat(data)).digest()

/** HKDF-Expand-Label (RFC 8446 section 7.1) for one block. */
const expand = (secret: Uint8Array, label: string, length: number) => {
  const name = Buffer.from(`tls13 ${label}`)
  return hmac(secret, Buffer.of(0, length, name.length), name, Buffer.of(0, 1)).subarray(0, length)
}

/** The key block of TLS 1.2 (RFC 5246 sections 5 and 6.3): what the client needs of it for AES-128-GCM. */
const keyBlock = (master: Uint8Array, clientRandom: Uint8Array, serverRandom: Uint8Array) => {
  const seed = Buffer.concat([Buffer.from("key expansion"), serverRandom, clientRandom])
  const first = hmac(master, seed)
  const second = hmac(master, first)
  const block = Buffer.concat([hmac(master, first, seed), hmac(master, second, seed)])
  return { key: block.subarray(0, 16), iv: block.subarray(32, 36) }
}

const encrypt = (key: Uint8Array, nonce: Uint8Array, known: Uint8Array, content: Uint8Array) => {
  const cipher = Crypto.createCipheriv("aes-128-gcm", key, nonce).setAAD(known)
  return Buffer.concat([cipher.update(content), cipher.final(), cipher.getAuthTag()])
}

const header = (length: number) => Buffer.of(23, 3, 3, length >> 8, length & 0xff)

const counted = (sequence: number) => {
  const bytes = Buffer.alloc(8)
  bytes.writeUInt32BE(sequence, 4)
  return bytes
}

const sealing = (version: Version, secrets: Map<string, readonly [Buffer, Buffer]>, serverRandom: Uint8Array) => {
  const [clientRandom, secret] = secrets.get(version === "TLSv1.3" ? "CLIENT_TRAFFIC_SECRET_0" : "CLIENT_RANDOM") ?? []
  if (clientRandom === undefined || secret === undefined) throw new Error("no secret")
  if (version === "TLSv1.3") {
    const [key, iv] = [expand(secret, "key", 16), expand(secret, "iv", 12)]
    return (content: Uint8Array, sequence: number) => {
      const nonce = Buffer.from(iv)
      counted(sequence).forEach((byte, index) => {
        nonce[4 + index] = (nonce[4 + index] ?? 0) ^ byte
      })
      const head = header(content.length + 17)
      return Buffer.concat([head, encrypt(key, nonce, head, Buffer.concat([content, Buffer.of(23)]))])
    }
  }
  const { key, iv } = keyBlock(secret, clientRandom, serverRandom)
  return (content: Uint8Array, sequence: number) => {
    const number = counted(sequence)
    const sealed = encrypt(key, Buffer.concat([iv, number]), Buffer.concat([number, header(content.length)]), content)
    return Buffer.concat([header(sealed.length + 8), number, sealed])
  }
}

/** Connects and shakes hands; from then on only what is forged is sent. */
export const client = (port: number, version: Version): Effect.Effect<Forger, Error, Scope.Scope> =>
  Effect.acquireRelease(
    Effect.async<Forger, Error>((resume) => {
      const raw = Net.connect({ port, host: "127.0.0.1" })
      const heard: Array<Buffer> = []
      const secrets = new Map<string, readonly [Buffer, Buffer]>()
      const wire = new Duplex({
        read: () => {},
        write: (chunk: Buffer, _, done) => {
          raw.write(chunk)
          done()
        }
      })
      raw.on("data", (chunk: Buffer) => {
        heard.push(chunk)
        wire.push(chunk)
      })
      raw.on("error", (error) => resume(Effect.fail(error)))
      const socket = Tls.connect({
        socket: wire,
        rejectUnauthorized: false,
        minVersion: version,
        maxVersion: version,
        ciphers: "TLS_AES_128_GCM_SHA256:ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256"
      })
      socket.on("error", (error) => resume(Effect.fail(error)))
      socket.on("keylog", (line: Buffer) => {
        const [label = "", random = "", secret = ""] = line.toString().trim().split(" ")
        secrets.set(label, [Buffer.from(random, "hex"), Buffer.from(secret, "hex")])
      })
      socket.once("secureConnect", () => {
        // Behind the heads of record and message and the version: the ServerHello's random.
        const seal = sealing(version, secrets, Buffer.concat(heard).subarray(11, 43))
        // With TLS 1.2 the client's Finished was the first.
        let sequence = version === "TLSv1.3" ? 0 : 1
        const send = (contents: ReadonlyArray<Uint8Array>) => {
          raw.write(Buffer.concat(contents.map((content) => seal(content, sequence++))))
        }
        resume(Effect.succeed({ send, raw }))
      })
    }),
    ({ raw }) => Effect.sync(() => raw.destroy())
  )
