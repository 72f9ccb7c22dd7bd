import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Tls from "node:tls"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as SelfSigned from "../src/runtime/tls/SelfSigned.ts"
import { type House, inEachHouse, withHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Server from "./support/Server.ts"
import * as Tree from "./support/Tree.ts"

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url))
const cases = fileURLToPath(new URL("./tls/cases.py", import.meta.url))
const versions = ["1.2", "1.3"] as const
const selfSigned = ["--tls-self-signed", "--implicit-tls-port", "0"]

const curl = (house: House, words: ReadonlyArray<string>) =>
  Program.run("curl", ["--silent", "--show-error", "--insecure", "--max-time", "40", ...words], { cwd: house.folder() })

const python = async (house: House, name: string, version: string) => {
  const words = [cases, name, String(house.port), house.tree.root, version.slice(2)]
  const { code, stderr } = await Program.run("python3", words, { cwd: house.folder() })
  assert.strictEqual(code, 0, stderr)
}

/** A socket that collects what it is told and when it is over. */
const bare = (port: number) => {
  const socket = Net.connect(port, "127.0.0.1")
  let said = ""
  socket.on("data", (bytes: Buffer) => {
    said += bytes
      .toString("latin1")
      .replace(/[^\r\n -~]/g, (one) => `<${one.charCodeAt(0).toString(16).padStart(2, "0")}>`)
  })
  socket.on("error", () => {})
  const closed = new Promise<string>((resolve) => socket.once("close", () => resolve(said)))
  const until = (pattern: RegExp) =>
    Server.until(
      () => pattern.test(said),
      () => `${pattern} did not come: ${said}`
    )
  return { socket, closed, until }
}

/** Goes on in TLS, a line at a time. */
const onTop = async (below: Net.Socket) => {
  below.removeAllListeners("data")
  const socket = Tls.connect({ socket: below, rejectUnauthorized: false })
  let said = ""
  socket.on("data", (bytes: Buffer) => {
    said += bytes.toString()
  })
  socket.on("error", () => {})
  const until = (pattern: RegExp) =>
    Server.until(
      () => pattern.test(said),
      () => `${pattern} did not come: ${said}`
    )
  return { socket, until, said: () => said, closed: new Promise<void>((done) => socket.once("close", () => done())) }
}

/** The first bytes of a handshake. */
const clientHello = () =>
  new Promise<Buffer>((resolve) => {
    const server = Net.createServer((socket) =>
      socket.once("data", (bytes: Buffer) => {
        server.close()
        socket.destroy()
        resolve(bytes)
      })
    )
    server.listen(0, "127.0.0.1", () => {
      Tls.connect({ port: (server.address() as Net.AddressInfo).port }).on("error", () => {})
    })
  })

inEachHouse(
  "TLS",
  (house) => {
    describe.each(versions)("%s", (version) => {
      const only = [`--tlsv${version}`, "--tls-max", version]

      it("curl fetches and lists, explicit and implicit", async () => {
        const { server, tree } = house()
        for (const [url, words] of [
          [`ftp://127.0.0.1:${server.port}`, ["--ssl-reqd"]],
          [`ftps://127.0.0.1:${server.implicitPort}`, []],
          [`ftp://[::1]:${server.port}`, ["--ssl-reqd"]]
        ] as const) {
          const { bytes, code, stderr } = await curl(house(), [...only, ...words, `${url}/big.bin`])
          assert.strictEqual(code, 0, stderr)
          assert.isTrue(bytes.equals(tree.big))
          const list = await curl(house(), [...only, ...words, "--list-only", `${url}/many/`])
          Same.lists(list.stdout.split(/\r?\n/).filter(Boolean), Tree.manyNames)
        }
      })

      it("ftplib fetches in both modes", () => python(house(), "fetches", version))
      it("ftplib fetches in both modes and resumes its session", () => python(house(), "resumes", version))
      it("ftplib is heard during a transfer, leaves it, and starts again", () => python(house(), "interrupts", version))
    })

    it("lftp mirrors in both modes", async () => {
      for (const passive of ["on", "off"]) {
        const cwd = house().folder()
        const script =
          "set ssl:verify-certificate no; set ftp:ssl-force true; set ftp:ssl-protect-data true; set net:max-retries 1; " +
          // Without that it takes force for no reason to protect a login that is nobody's.
          `set ftp:ssl-allow-anonymous true; set ftp:passive-mode ${passive}; debug 6; ` +
          `open 127.0.0.1:${house().port}; get big.bin; mirror --parallel=3 -i ^file-00[0-2] many; exit`
        const { code, stderr } = await Program.run("lftp", ["-c", script], { cwd })
        assert.strictEqual(code, 0, stderr)
        assert.match(stderr, /---> PROT P\n<--- 200 /)
        assert.match(stderr, /---> MODE Z\n<--- 200 /)
        assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
        const mirrored = (folder: string) => Path.join(folder, "many")
        const some = Tree.manyNames.filter((name) => /^file-00[0-2]/.test(name))
        assert.deepStrictEqual(Fs.readdirSync(mirrored(cwd)).sort(), some)
        for (const name of some) {
          const [got, is] = [cwd, house().tree.root].map((folder) => Fs.readFileSync(Path.join(mirrored(folder), name)))
          assert.isTrue(is !== undefined && got?.equals(is), name)
        }
      }
    })

    it("what was sent in clear behind AUTH is never run", async () => {
      const { socket, until } = bare(house().port)
      await until(/^220 /)
      socket.write("AUTH TLS\r\nUSER evil\r\nPASS evil\r\nSTAT\r\n")
      await until(/234 .*\r\n$/)
      const tls = await onTop(socket)
      tls.socket.write("STAT\r\n")
      await tls.until(/^211-Status\r\n[\s\S]*Not logged in[\s\S]*protected by TLS[\s\S]*211 End/)
      tls.socket.write("USER joe\r\n")
      await tls.until(/331 /)
      assert.notMatch(tls.said(), /evil|230/)
      tls.socket.destroy()
    })

    it("a ClientHello that follows AUTH at once is one; behind another line it is thrown away with it", async () => {
      const hello = await clientHello()
      // The control characters of a handshake record are escaped in what `bare` says.
      const serverHello = /^220 .*\r\n234 .*\r\n<16><03><03>/
      const together = bare(house().port)
      together.socket.write(Buffer.concat([Buffer.from("AUTH TLS\r\n"), hello]))
      await together.until(serverHello)
      const apart = bare(house().port)
      apart.socket.setNoDelay(true)
      apart.socket.write("AUTH TLS\r\n")
      apart.socket.write(hello.subarray(0, 1))
      apart.socket.write(hello.subarray(1))
      await apart.until(serverHello)
      const injected = bare(house().port)
      injected.socket.write(Buffer.concat([Buffer.from("AUTH TLS\r\nNOOP\r\n"), hello]))
      await injected.until(/234 .*\r\n$/)
      injected.socket.write(hello)
      await injected.until(serverHello)
      const clear = bare(house().port)
      clear.socket.write(Buffer.concat([Buffer.from("NOOP\r\n"), hello, Buffer.from("\r\nNOOP\r\n")]))
      await clear.until(/^220 .*\r\n200 .*\r\n(?:500 .*\r\n)+200 .*\r\n$/)
      for (const { socket } of [together, apart, injected, clear]) socket.destroy()
    })

    it("strangers cost one line of log each, and nothing else", async () => {
      const { server } = house()
      const before = await Server.settledDescriptors(server)
      const failures = () => server.log().split("TLS handshake failed").length - 1
      const told = failures()
      const hello = await clientHello()
      const cuts = Array.from({ length: 60 }, (_, index) => hello.subarray(0, Math.floor((index * hello.length) / 60)))
      const words = [
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n",
        "USER joe\r\nPASS x\r\n",
        "\0".repeat(1000),
        "\x16\x03\x01\0\0".repeat(500),
        `${hello.toString("latin1")}${"\x14\x03\x03\0\x01\x01".repeat(500)}`,
        `${hello.toString("latin1")}${"\x17\x03\x03\0\0".repeat(500)}`
      ]
      for (const bytes of cuts) {
        const { closed, socket } = bare(server.implicitPort)
        socket.end(bytes)
        assert.notMatch(await closed, /220/)
      }
      for (const text of words) {
        const { closed, socket } = bare(server.implicitPort)
        socket.write(text, "latin1")
        assert.notMatch(await closed, /220/)
      }
      for (const text of words) {
        const { closed, socket, until } = bare(server.port)
        socket.write("AUTH TLS\r\n")
        await until(/^220 .*\r\n234 .*\r\n/)
        socket.write(text, "latin1")
        assert.notMatch(await closed, /331|200 /)
      }
      await Server.until(
        () => failures() - told === cuts.length + 2 * words.length,
        () => `${failures() - told} lines`
      )
      await Server.descriptorsBackTo(server, before)
      assert.strictEqual(
        (await curl(house(), ["--ssl-reqd", `ftp://127.0.0.1:${server.port}/text.txt`])).stdout,
        Tree.text
      )
    })

    it("a session is resumed whichever shard serves", async () => {
      const visit = (session: Buffer | undefined) =>
        new Promise<readonly [boolean, Buffer]>((resolve, reject) => {
          let ticket: Buffer | undefined = session
          let greeted = false
          const at = { port: house().server.implicitPort, rejectUnauthorized: false, ...(session && { session }) }
          const socket = Tls.connect(at)
          // Node tells of the ticket after the greeting, or before it.
          const settle = () => {
            if (ticket === undefined || !greeted) return
            resolve([socket.isSessionReused(), ticket])
            socket.destroy()
          }
          socket.on("session", (found: Buffer) => {
            ticket ??= found
            settle()
          })
          socket.on("data", () => {
            greeted = true
            settle()
          })
          socket.on("error", reject)
          socket.on("close", () => reject(new Error("closed")))
        })
      const [, ticket] = await visit(undefined)
      for (let times = 0; times < 8; times++) assert.isTrue((await visit(ticket))[0])
    })

    it("other protocols' words after a handshake end the session", async () => {
      for (const word of ["GET / HTTP/1.1", "POST /x HTTP/1.1", "EHLO me"]) {
        const { socket } = bare(house().server.implicitPort)
        const tls = await onTop(socket)
        await tls.until(/^220 /)
        tls.socket.write(`${word}\r\nUSER joe\r\n`)
        await tls.closed
        assert.match(tls.said(), /^220 .*\r\n421 This is FTP\.\r\n$/)
      }
    })

    it("clients that die in a transfer leave nothing", async () => {
      const { server } = house()
      const die = async () => {
        const url = `ftp://127.0.0.1:${server.port}/big.bin`
        const clients = Array.from({ length: 6 }, () =>
          Program.start("curl", ["-k", "-s", "--ssl-reqd", "--no-buffer", "--limit-rate", "100k", url], {
            cwd: house().folder()
          })
        )
        await Promise.all(clients.map(({ child }) => new Promise((resolve) => child.stdout.once("data", resolve))))
        for (const { kill } of clients) kill("SIGKILL")
      }
      await die()
      const before = await Server.settledDescriptors(server)
      await die()
      await Server.descriptorsBackTo(server, before)
    })
  },
  selfSigned
)

describe("a server that insists on resumed sessions", () => {
  const house = withHouse([...selfSigned, "--tls-require-reuse"])
  it.each(versions)("TLS %s: takes the control connection's session on data connections, and no other", (version) =>
    python(house(), "must_resume", version)
  )
  it.each(versions)("TLS %s: curl and lftp resume by themselves", async (version) => {
    const words = ["--ssl-reqd", `--tlsv${version}`, "--tls-max", version]
    const { code, stderr, stdout } = await curl(house(), [...words, `ftp://127.0.0.1:${house().port}/text.txt`])
    assert.deepStrictEqual([code, stdout], [0, Tree.text], stderr)
  })
})

describe("certificates", () => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-certificates-"))
  const [cert, key] = [Path.join(folder, "cert.pem"), Path.join(folder, "key.pem")]
  const put = (host: string) => {
    const made = SelfSigned.make({ hosts: [host], now: Date.now() })
    Fs.writeFileSync(key, made.key, { mode: 0o600 })
    Fs.writeFileSync(cert, made.certificate)
  }
  put("first.example")
  afterAll(() => Fs.rmSync(folder, { recursive: true }))
  const flags = ["--tls-cert", cert, "--tls-key", key]
  const house = withHouse([...flags, "--implicit-tls-port", "0"])

  const visit = async () => {
    const { socket } = bare(house().server.implicitPort)
    const tls = await onTop(socket)
    await tls.until(/^220 /)
    return { ...tls, name: tls.socket.getPeerCertificate().subject.CN }
  }

  it("are taken up again on SIGHUP, and no session is dropped", async () => {
    const before = await visit()
    assert.strictEqual(before.name, "first.example")
    put("second.example")
    house().server.signal("SIGHUP")
    await Server.until(
      () => /certificates taken up again/.test(house().server.log()),
      () => house().server.log()
    )
    const names = new Set<string>()
    for (let times = 0; times < 4; times++) {
      const { name, socket } = await visit()
      names.add(String(name))
      socket.destroy()
    }
    assert.deepStrictEqual([...names], ["second.example"])
    before.socket.write("NOOP\r\n")
    await before.until(/\r\n200 /)
    before.socket.destroy()
  })

  it("are shown by weft check, and what is wrong in one line", async () => {
    const check = (...words: ReadonlyArray<string>) =>
      Program.run(process.execPath, [main, "check", "--root", folder, ...words], { cwd: folder })
    assert.match(
      (await check(...flags)).stdout,
      /^certificate .*cert\.pem: CN=\S+ for \S+; ec prime256v1 key; expires 20/m
    )
    const wrong = await check("--tls-cert", cert, "--tls-key", cert)
    assert.strictEqual(wrong.code, 1)
    assert.match(wrong.stderr, /^weft: --tls-key \S+: no private key in it, expected -----BEGIN PRIVATE KEY-----\n$/)
  })
})

describe("a server that insists on TLS", () => {
  const house = withHouse([...selfSigned, "--tls-required", "data", "--tls-handshake-timeout", "1s"])
  it("takes no login and no data in clear", async () => {
    const plain = await curl(house(), ["-v", `ftp://127.0.0.1:${house().port}/text.txt`])
    assert.strictEqual(plain.code, 67, plain.stderr)
    assert.match(plain.stderr, /< 530 TLS is required/)
    const control = await curl(house(), ["-v", "--ftp-ssl-control", `ftp://127.0.0.1:${house().port}/text.txt`])
    assert.match(control.stderr, /< 534 /)
    assert.strictEqual(control.stdout, "")
    const whole = await curl(house(), ["--ssl-reqd", `ftp://127.0.0.1:${house().port}/text.txt`])
    assert.strictEqual(whole.stdout, Tree.text)
  })
})
