import { randomBytes } from "node:crypto"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Net from "node:net"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Tls from "node:tls"
import { fileURLToPath } from "node:url"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as SelfSigned from "../src/runtime/tls/SelfSigned.ts"
import * as HeldHandshake from "../test/support/HeldHandshake.ts"
import { everything, inEachOffice, type Office, type Operator, password, withOffice } from "./support/Operator.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"

const uploads = fileURLToPath(new URL("./tls/uploads.py", import.meta.url))
const versions = ["1.2", "1.3"] as const
type Version = (typeof versions)[number]
const big = randomBytes(20 * 1024 * 1024)
const selfSigned = ["--tls-self-signed", "--implicit-tls-port", "0"]
/** Uploads that are cut on purpose. */
const expected = { expected: / WARN .*upload interrupted/ }

const curl = (office: Office, words: ReadonlyArray<string>, user = `joe:${password}`) =>
  Program.run(
    "curl",
    ["--silent", "--show-error", "--verbose", "--insecure", "--max-time", "40", "--user", user, ...words],
    {
      cwd: office.folder()
    }
  )

const file = (office: Office, bytes: Uint8Array) => {
  const path = Path.join(office.folder(), "file")
  Fs.writeFileSync(path, bytes)
  return path
}

/** A control connection with TLS; each line is asked and its last reply awaited. */
const enter = async (office: Office, version: Version, name = "joe") => {
  const raw = Net.connect(office.port, "127.0.0.1")
  let said = ""
  let socket: Net.Socket = raw
  const hear = (bytes: Buffer) => {
    said += bytes.toString()
  }
  const reply = async () => {
    await Server.until(
      () => /^\d{3} .*\r\n/m.test(said),
      () => `no reply: ${said}`
    )
    const [line = ""] = /^\d{3} .*\r\n/m.exec(said) ?? []
    said = said.slice(said.indexOf(line) + line.length)
    return line.trim()
  }
  const ask = (text: string) => {
    socket.write(`${text}\r\n`)
    return reply()
  }
  const secured = async (below: Net.Socket) => {
    const only = `TLSv${version}` as const
    const made = Tls.connect({ socket: below, rejectUnauthorized: false, minVersion: only, maxVersion: only })
    made.on("error", () => {})
    await once(made, "secureConnect")
    return made
  }
  raw.on("error", () => {})
  raw.on("data", hear)
  await reply()
  assert.match(await ask("AUTH TLS"), /^234 /)
  raw.off("data", hear)
  socket = await secured(raw)
  socket.on("data", hear)
  await ask(`USER ${name}`)
  assert.match(await ask(`PASS ${password}`), /^230 /)
  for (const text of ["PBSZ 0", "PROT P", "TYPE I"]) assert.match(await ask(text), /^200 /)
  const connect = async () => {
    const below = Net.connect(Number(/\|\|\|(\d+)\|/.exec(await ask("EPSV"))?.[1]), "127.0.0.1")
    below.on("error", () => {})
    return below
  }
  /** A data connection for a command, after its 150. */
  const begin = async (command: string) => {
    const below = await connect()
    const opening = ask(command)
    const data = await secured(below)
    assert.match(await opening, /^150 /)
    return { below, data }
  }
  return { raw, socket, ask, reply, connect, begin }
}

/** The ways a data connection may end behind its last byte. */
const ends = {
  closeNotify: ({ data }: { readonly data: Net.Socket }) => void data.end(),
  fin: ({ below }: { readonly below: Net.Socket }) => void below.end(),
  reset: ({ below }: { readonly below: Net.Socket }) => void below.resetAndDestroy(),
  closeNotifyAndReset: ({ below, data }: { readonly below: Net.Socket; readonly data: Net.Socket }) =>
    void data.end(() => setTimeout(() => below.resetAndDestroy(), 50))
}

const store = async (office: Office, version: Version, name: string, end: keyof typeof ends) => {
  const session = await enter(office, version)
  const connections = await session.begin(`STOR ${name}`)
  const { data } = connections
  await new Promise<void>((resolve) => void data.write(big.subarray(0, 300_000), () => resolve()))
  ends[end](connections)
  const code = (await session.reply()).slice(0, 3)
  data.destroy()
  session.raw.destroy()
  const path = Path.join(office.operator.home("joe"), name)
  return [code, Fs.existsSync(path) ? Fs.readFileSync(path).equals(big.subarray(0, 300_000)) : undefined]
}

/** The same for who is gone before the server has written its session tickets. */
const storeAtOnce = async (office: Office, name: string, end: HeldHandshake.End) => {
  const session = await enter(office, "1.3")
  const below = await session.connect()
  const opening = session.ask(`STOR ${name}`)
  HeldHandshake.send(below, big.subarray(0, 30_000), end)
  assert.match(await opening, /^150 /)
  const code = (await session.reply()).slice(0, 3)
  below.destroy()
  session.raw.destroy()
  const path = Path.join(office.operator.home("joe"), name)
  return [code, Fs.existsSync(path) ? Fs.readFileSync(path).equals(big.subarray(0, 30_000)) : undefined]
}

inEachOffice(
  "uploads over TLS",
  (office) => {
    describe.each(versions)("%s", (version) => {
      const home = (name: string) => Path.join(office().operator.home("joe"), name)

      // In active mode curl 7.88 sends uploads in clear whatever was agreed on.
      it("curl stores and appends, explicit and implicit", async () => {
        const only = [`--tlsv${version}`, "--tls-max", version]
        for (const [url, words] of [
          [`ftp://127.0.0.1:${office().port}`, ["--ssl-reqd"]],
          [`ftps://127.0.0.1:${office().server.implicitPort}`, []]
        ] as const) {
          const path = file(office(), big)
          const stored = await curl(office(), [...only, ...words, "-T", path, `${url}/curl.bin`])
          assert.strictEqual(stored.code, 0, stored.stderr)
          assert.isTrue(Fs.readFileSync(home("curl.bin")).equals(big))
          const more = await curl(office(), [...only, ...words, "--append", "-T", path, `${url}/curl.bin`])
          assert.strictEqual(more.code, 0, more.stderr)
          assert.isTrue(Fs.readFileSync(home("curl.bin")).equals(Buffer.concat([big, big])))
          Fs.rmSync(home("curl.bin"))
        }
      })

      it("ftplib stores in both modes, appends, goes on, names nothing, and deflates", {
        timeout: 120_000
      }, async () => {
        const words = [uploads, String(office().port), office().operator.home("joe"), password, version.slice(2)]
        const { code, stderr } = await Program.run("python3", words, { cwd: office().folder() })
        assert.strictEqual(code, 0, stderr)
      })

      it("a reset cuts, an end does not, and nothing cuts behind a close_notify", async () => {
        assert.deepStrictEqual(await store(office(), version, "a", "closeNotify"), ["226", true])
        assert.deepStrictEqual(await store(office(), version, "b", "fin"), ["226", true])
        assert.deepStrictEqual(await store(office(), version, "c", "reset"), ["426", undefined])
        assert.deepStrictEqual(await store(office(), version, "d", "closeNotifyAndReset"), ["226", true])
      })

      it("a client that hangs up during an upload has stored nothing, however it says so", async () => {
        for (const leave of ["closeNotify", "fin"] as const) {
          const name = `left-${leave}`
          const told = () => office().server.log().split("upload interrupted").length
          const before = told()
          const { begin, raw, socket } = await enter(office(), version)
          const { data } = await begin(`STOR ${name}`)
          await new Promise<void>((resolve) => void data.write(big.subarray(0, 100_000), () => resolve()))
          ends[leave]({ data: socket, below: raw })
          await Server.until(
            () => told() > before,
            () => "the upload goes on"
          )
          assert.isFalse(Fs.existsSync(home(name)))
          data.destroy()
          raw.destroy()
        }
      })
    })

    it("so it is for a client that takes no session tickets", async () => {
      assert.deepStrictEqual(await storeAtOnce(office(), "at-once-a", "closeNotifyAndReset"), ["226", true])
      assert.deepStrictEqual(await storeAtOnce(office(), "at-once-b", "fin"), ["226", true])
      assert.deepStrictEqual(await storeAtOnce(office(), "at-once-c", "finAndReset"), ["226", true])
      for (let round = 0; round < 3; round++) {
        assert.deepStrictEqual(await storeAtOnce(office(), "at-once-d", "reset"), ["426", undefined])
      }
    })

    it("lftp stores in both modes", async () => {
      for (const passive of ["on", "off"]) {
        const path = file(office(), big)
        const script =
          "set ssl:verify-certificate no; set ftp:ssl-force true; set ftp:ssl-protect-data true; set net:max-retries 1; " +
          `set ftp:passive-mode ${passive}; open -u joe,"$PW" 127.0.0.1:${office().port}; put ${path} -o lftp.bin; exit`
        const words = ["-c", `lftp -c '${script.replace('"$PW"', "'\"$QUOTED\"'")}'`]
        const quoted = `"${password.replace(/["\\]/g, "\\$&")}"`
        const { code, stderr } = await Program.run("sh", words, {
          cwd: office().folder(),
          environment: { QUOTED: quoted }
        })
        assert.strictEqual(code, 0, stderr)
        const stored = Path.join(office().operator.home("joe"), "lftp.bin")
        assert.isTrue(Fs.readFileSync(stored).equals(big))
        Fs.rmSync(stored)
      }
    })

    it("quotas and rights hold as they do in clear, and nothing is left behind", async () => {
      const { operator, port } = office()
      // Two records of TLS, of which only the second is too much: curl has sent it all before it is refused.
      const little = file(office(), big.subarray(0, 24_000))
      const at = (name: string) => ["--ssl-reqd", "-T", little, `ftp://127.0.0.1:${port}/${name}`]
      assert.match((await curl(office(), at("x"), `small:${password}`)).stderr, /< 552 /)
      assert.match((await curl(office(), at("x"), `ro:${password}`)).stderr, /< 550 /)
      assert.deepStrictEqual([everything(operator.home("small")), everything(operator.home("ro"))], [[], []])
      assert.deepStrictEqual(
        everything(operator.home("joe")).filter((name) => name.startsWith(".")),
        []
      )
    })

    it("an account that asks for TLS gets it, and strangers hear nothing of that", async () => {
      const { operator, port } = office()
      const url = `ftp://127.0.0.1:${port}/strict.bin`
      const at = ["-T", file(office(), big), url]
      assert.match((await curl(office(), at, `strict:${password}`)).stderr, /< 530 This account requires TLS/)
      for (const wrong of ["strict:wrong", "nobody:wrong"]) {
        assert.match((await curl(office(), at, wrong)).stderr, /< 530 Login incorrect/)
      }
      assert.match((await curl(office(), ["--ftp-ssl-control", ...at], `strict:${password}`)).stderr, /< 534 |< 521 /)
      await Server.until(
        () => everything(operator.home("strict")).length === 0,
        () => everything(operator.home("strict")).join()
      )
      const { code, stderr } = await curl(office(), ["--ssl-reqd", ...at], `strict:${password}`)
      assert.strictEqual(code, 0, stderr)
      assert.isTrue(Fs.readFileSync(Path.join(operator.home("strict"), "strict.bin")).equals(big))
    })
  },
  selfSigned,
  {
    ...expected,
    before: async ({ add }: Operator) => {
      await add("small", "read-write", ["--quota", "20KiB"])
      await add("strict", "read-write", ["--tls", "data", "--max-sessions", "1"])
    }
  }
)

describe("a server that insists on close_notify", () => {
  const office = withOffice([...selfSigned, "--tls-close-notify", "require"], expected)
  it.each(versions)("TLS %s: stores nothing that ends without one", async (version) => {
    assert.deepStrictEqual(await store(office(), version, "a", "closeNotify"), ["226", true])
    assert.deepStrictEqual(await store(office(), version, "b", "fin"), ["426", undefined])
    assert.deepStrictEqual(await store(office(), version, "c", "reset"), ["426", undefined])
    assert.deepStrictEqual(await store(office(), version, "d", "closeNotifyAndReset"), ["226", true])
    const clear = await curl(office(), ["-T", file(office(), big), `ftp://127.0.0.1:${office().port}/e`])
    assert.strictEqual(clear.code, 0, clear.stderr)
  })
  it("takes what curl and ftplib send", async () => {
    const at = ["--ssl-reqd", "-T", file(office(), big), `ftp://127.0.0.1:${office().port}/f`]
    const { code, stderr } = await curl(office(), at)
    assert.strictEqual(code, 0, stderr)
    const words = [uploads, String(office().port), office().operator.home("joe"), password, "3"]
    const python = await Program.run("python3", words, { cwd: office().folder() })
    assert.strictEqual(python.code, 0, python.stderr)
  })
})

describe("client certificates", () => {
  const folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-client-certificates-"))
  afterAll(() => Fs.rmSync(folder, { recursive: true }))
  const put = (name: string, now = Date.now()) => {
    const { certificate, key } = SelfSigned.make({ hosts: [name], now })
    Fs.writeFileSync(Path.join(folder, `${name}.pem`), certificate + key, { mode: 0o600 })
    return certificate
  }
  const ca = Path.join(folder, "ca.pem")
  Fs.writeFileSync(
    ca,
    ["badge", "joe", "nobody"].map((name) => put(name)).join("") + put("late", Date.now() - 400 * 86_400_000)
  )
  const office = withOffice(
    [...selfSigned, "--tls-client-ca", ca, "--tls-client-cert", "optional", "--tls-client-login", "true"],
    { before: ({ add }) => add("badge", "read-write", ["--certificate", "true", "--max-sessions", "1"]) }
  )
  const visit = (name: string, secret: string) =>
    curl(
      office(),
      ["--ssl-reqd", "--cert", Path.join(folder, `${name}.pem`), `ftp://127.0.0.1:${office().port}/`],
      `${name}:${secret}`
    )

  it("that have expired open nothing, not even with a password, and are told of once", async () => {
    const failures = () =>
      office()
        .server.log()
        .match(/TLS handshake failed .*/g) ?? []
    const before = failures().length
    const late = await curl(office(), [
      "--ssl-reqd",
      "--cert",
      Path.join(folder, "late.pem"),
      `ftp://127.0.0.1:${office().port}/`
    ])
    assert.notStrictEqual(late.code, 0)
    assert.notMatch(late.stderr, /< 230 |< 331 /)
    await Server.until(
      () => failures().length > before,
      () => "nothing is told"
    )
    assert.strictEqual(failures().length, before + 1)
    assert.match(failures().at(-1) ?? "", /(?=.*peer=127\.0\.0\.1)(?=.*reason=Refused)(?=.*CERT_HAS_EXPIRED)/)
    assert.match((await visit("joe", password)).stderr, /< 230 /)
  })

  it("open the accounts that say so, without a password and within their limits", async () => {
    const badge = await visit("badge", "none")
    assert.strictEqual(badge.code, 0, badge.stderr)
    assert.match(badge.stderr, /< 232 /)
    const holder = await enter(office(), "1.3", "badge")
    assert.match((await visit("badge", "none")).stderr, /< 421 Too many sessions of this account/)
    holder.raw.destroy()
    const joe = await visit("joe", password)
    assert.match(joe.stderr, /< 331 [\s\S]*< 230 /)
    assert.match((await visit("joe", "wrong")).stderr, /< 530 Login incorrect/)
    assert.match((await visit("nobody", "wrong")).stderr, /< 530 Login incorrect/)
  })
})
