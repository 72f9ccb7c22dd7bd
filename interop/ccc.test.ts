import * as Net from "node:net"
import { Duplex } from "node:stream"
import * as Tls from "node:tls"
import { fileURLToPath } from "node:url"
import { assert, describe, it } from "@effect/vitest"
import { type House, inEachHouse, withHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"
import * as Tree from "./support/Tree.ts"

const cases = fileURLToPath(new URL("./tls/cases.py", import.meta.url))
const versions = ["1.2", "1.3"] as const
type Version = (typeof versions)[number]

const curl = (house: House, version: Version, words: ReadonlyArray<string>) => {
  const always = ["--silent", "--show-error", "--verbose", "--insecure", "--max-time", "40", "--ssl-reqd"]
  const only = [`--tlsv${version}`, "--tls-max", version]
  return Program.run("curl", [...always, ...only, ...words], { cwd: house.folder() })
}

/** A client under TLS whose records can be held back, to see what else comes in one segment with them. */
const enter = async (house: House, version: Version) => {
  const below = Net.connect(house.port, "127.0.0.1")
  let [said, clear, isHeld] = ["", "", false]
  const held: Array<Buffer> = []
  const until = (pattern: RegExp) =>
    Server.until(
      () => pattern.test(said),
      () => `${pattern} did not come: ${said}`
    )
  below.on("error", () => {})
  const closed = new Promise<void>((resolve) => below.once("close", () => resolve()))
  const hear = (bytes: Buffer) => {
    said += bytes.toString()
  }
  below.on("data", hear)
  await until(/^220 /)
  below.write("AUTH TLS\r\n")
  await until(/234 .*\r\n/)
  below.off("data", hear)
  const wire = new Duplex({
    read: () => {},
    write: (bytes: Buffer, _, done) => {
      if (isHeld) held.push(bytes)
      else below.write(bytes)
      done()
    }
  })
  below.on("data", (bytes: Buffer) => {
    clear += bytes.toString("latin1")
    wire.push(bytes)
  })
  const only = `TLSv${version}` as const
  const tls = Tls.connect({ socket: wire, rejectUnauthorized: false, minVersion: only, maxVersion: only })
  tls.on("error", () => {})
  tls.on("data", hear)
  const ask = async (text: string, pattern: RegExp) => {
    said = ""
    tls.write(`${text}\r\n`)
    await until(pattern)
  }
  await ask("USER anonymous", /^331 /)
  await ask("PASS x", /^230 /)
  /** Sends a line under TLS and this behind it in clear, as one. */
  const together = async (text: string, plain: string) => {
    isHeld = true
    said = ""
    tls.write(text)
    await Server.until(
      () => held.length > 0,
      () => "nothing was written"
    )
    below.write(Buffer.concat([...held, Buffer.from(plain)]))
  }
  return { below, tls, ask, until, together, closed, said: () => said, clear: () => clear }
}

inEachHouse(
  "CCC",
  (house) => {
    describe.each(versions)("TLS %s", (version) => {
      it.each(["active", "passive"])("curl goes on in clear, whoever ends TLS first: %s", async (mode) => {
        const words = ["--ftp-ssl-ccc", "--ftp-ssl-ccc-mode", mode, `ftp://127.0.0.1:${house().port}/big.bin`]
        const { bytes, code, stderr } = await curl(house(), version, words)
        assert.strictEqual(code, 0, stderr)
        assert.match(stderr, /> CCC[\s\S]*< 200 [\s\S]*> PWD/)
        assert.isTrue(bytes.equals(house().tree.big))
      })

      it("ftplib goes on in clear, and begins TLS again", async () => {
        const words = [cases, "clears", String(house().port), house().tree.root, version.slice(2)]
        const { code, stderr } = await Program.run("python3", words, { cwd: house().folder() })
        assert.strictEqual(code, 0, stderr)
      })

      it("lines behind CCC are thrown away, under TLS and in clear", async () => {
        const piped = await enter(house(), version)
        piped.tls.write("CCC\r\nCWD many\r\nQUIT\r\n")
        await piped.until(/^200 .*\r\n$/m)
        const from = piped.clear().length
        piped.below.write("PWD\r\n")
        await Server.until(
          () => piped.clear().endsWith('257 "/" is the working directory.\r\n'),
          () => piped.clear().slice(from)
        )
        piped.below.destroy()

        const injected = await enter(house(), version)
        const told = () => house().server.log().split("CCC failed").length - 1
        const before = told()
        await injected.together("CCC\r\n", "CWD many\r\nPWD\r\n")
        await injected.closed
        assert.notMatch(injected.clear(), /250 |257 /)
        assert.isAtMost(told() - before, 1)
      })
    })

    it("lftp goes on in clear", async () => {
      const script =
        "set ssl:verify-certificate no; set ftp:ssl-force true; set ftp:ssl-allow-anonymous true; set ftp:ssl-use-ccc yes; " +
        `set ftp:ssl-protect-data true; set net:max-retries 1; debug 6; open 127.0.0.1:${house().port}; cat text.txt; ls; exit`
      const { code, stderr, stdout } = await Program.run("lftp", ["-c", script], { cwd: house().folder() })
      assert.strictEqual(code, 0, stderr)
      assert.match(stderr, /---> CCC\n<--- 200 /)
      assert.include(stdout, Tree.text)
    })

    it("a client that leaves at any point leaves nothing", async () => {
      const { server } = house()
      const leave = async (version: Version, line: string) => {
        const { below, tls, until } = await enter(house(), version)
        tls.write(line)
        if (line === "CCC\r\n") await until(/^200 /m)
        below.destroy()
      }
      await leave("1.3", "CCC\r\n")
      const before = await Server.settledDescriptors(server)
      for (const version of versions)
        for (const line of ["CCC\r\n", "CC", "CCC\r\nNOOP\r\n"]) await leave(version, line)
      await Server.descriptorsBackTo(server, before)
    })
  },
  ["--tls-self-signed", "--tls-ccc", "unless-required"]
)

describe("a server that says nothing of CCC", () => {
  const house = withHouse(["--tls-self-signed"])
  it("keeps TLS on", async () => {
    const words = ["--ftp-ssl-ccc", `ftp://127.0.0.1:${house().port}/text.txt`]
    const { code, stderr, stdout } = await curl(house(), "1.3", words)
    assert.deepStrictEqual([code, stdout], [0, Tree.text], stderr)
    assert.match(stderr, /> CCC[\s\S]*< 534 /)
  })
})
