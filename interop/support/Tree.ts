import { createHash, randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"

export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex")

/** LF, CR LF, a lone CR, and no line end at the end. */
export const text = "first line\nsecond line\r\nthird\rstill third\n\nfifth and last"

export const bigSize = 20 * 1024 * 1024

/** Names that clients and servers like to trip over, all valid UTF-8. */
export const oddNames = [
  "with space.txt",
  "two  spaces.txt",
  "quo\"te's.txt",
  "grüße €.txt",
  "-dash.txt",
  "[brackets]{braces}.txt",
  "percent%20.txt",
  "semi;colon=equals.txt",
  "back\\slash.txt",
  "hash#question?.txt",
  "227 (1,2,3,4,5,6).txt"
] as const

/** "café.txt" in Latin-1. */
export const latin1Name = Buffer.from("caf\u00e9.txt", "latin1")

export const manyCount = 2000

export const manyNames = Array.from({ length: manyCount }, (_, index) => `file-${String(index).padStart(4, "0")}.dat`)

export const deepFolder = "deep/one/two/three/four/five/six/seven/eight/nine/ten"

export const modified = new Date("2021-03-04T05:06:07Z")

/** The folder the clients find, made anew below `folder`. */
export interface Tree {
  readonly root: string
  readonly big: Buffer
}

export const make = (folder: string): Tree => {
  const root = Path.join(folder, "served")
  const write = (name: string | Buffer, content: string | Buffer) => {
    const bytes = typeof name === "string" ? Buffer.from(name) : name
    Fs.writeFileSync(Buffer.concat([Buffer.from(`${root}/`), bytes]), content)
  }
  Fs.mkdirSync(Path.join(root, deepFolder), { recursive: true })
  const big = randomBytes(bigSize)
  write("big.bin", big)
  write("piece.bin", big.subarray(0, 256 * 1024))
  write("text.txt", text)
  write("empty", "")
  Fs.utimesSync(Path.join(root, "text.txt"), modified, modified)
  Fs.mkdirSync(Path.join(root, "odd"))
  for (const name of oddNames) write(`odd/${name}`, `in ${name}\n`)
  write(Buffer.concat([Buffer.from("odd/"), latin1Name]), "in Latin-1\n")
  let folderName = ""
  for (const name of deepFolder.split("/")) {
    folderName = Path.join(folderName, name)
    for (let index = 0; index < 3; index++) write(`${folderName}/leaf ${index}.bin`, randomBytes(5000 * index))
  }
  Fs.mkdirSync(Path.join(root, deepFolder, "empty folder"))
  Fs.symlinkSync("../text.txt", Path.join(root, "deep/link to text"))
  Fs.symlinkSync("/etc/passwd", Path.join(root, "way out"))
  Fs.mkdirSync(Path.join(root, "many"))
  for (const name of manyNames) write(`many/${name}`, name)
  return { root, big }
}

/** The checksums of all files below a folder, and where links point, by their paths; names are bytes in hexadecimal. */
export const digests = (folder: string): ReadonlyMap<string, string> => {
  const found = new Map<string, string>()
  const visit = (directory: Buffer, inside: string) => {
    for (const entry of Fs.readdirSync(directory, { encoding: "buffer", withFileTypes: true })) {
      const path = Buffer.concat([directory, Buffer.from("/"), entry.name])
      const name = `${inside}/${entry.name.toString("hex")}`
      if (entry.isDirectory()) {
        found.set(name, "folder")
        visit(path, name)
      } else {
        found.set(name, entry.isSymbolicLink() ? Fs.readlinkSync(path) : sha256(Fs.readFileSync(path)))
      }
    }
  }
  visit(Buffer.from(folder), "")
  return found
}

const readable = (name: string): string =>
  name
    .split("/")
    .map((part) => Buffer.from(part, "hex").toString())
    .join("/")

/** The paths at which two folders are not the same; ten at most, for a message. */
export const differences = (one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>) =>
  [...new Set([...one.keys(), ...other.keys()])]
    .filter((name) => one.get(name) !== other.get(name))
    .slice(0, 10)
    .map((name) => `${readable(name)}: ${one.get(name)} and ${other.get(name)}`)
