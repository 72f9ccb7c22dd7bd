import { assert, describe, it } from "@effect/vitest"
import { withHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Server from "./support/Server.ts"

const house = withHouse(["--tls-self-signed", "--implicit-tls-port", "0"])

/** Some that OpenSSL itself would only offer when it is told that nothing matters. */
const anything = "ALL:COMPLEMENTOFALL:eNULL:@SECLEVEL=0"

const openssl = (words: ReadonlyArray<string>, input = "NOOP\n") =>
  Program.run("openssl", words, { cwd: house().folder(), input })

const ports = {
  implicit: () => ["-connect", `127.0.0.1:${house().server.implicitPort}`],
  explicit: () => ["-connect", `127.0.0.1:${house().port}`, "-starttls", "ftp"]
} as const

const ciphers = async (words: ReadonlyArray<string>): Promise<ReadonlyArray<string>> => {
  const { code, stderr, stdout } = await openssl(["ciphers", ...words])
  assert.strictEqual(code, 0, stderr)
  return stdout.trim().split(":")
}

describe.each(["implicit", "explicit"] as const)("a probe of %s TLS", (port) => {
  const probe = (words: ReadonlyArray<string>, input?: string) =>
    openssl(["s_client", ...ports[port](), ...words], input)

  const isTaken = async (words: ReadonlyArray<string>): Promise<boolean> => {
    const { stdout } = await probe(words)
    return /^New, (?!\(NONE\))/m.test(stdout)
  }

  /** Of these ways the ones the server goes along with, asked a few at a time. */
  const taken = async (ways: ReadonlyArray<string>, words: (way: string) => ReadonlyArray<string>) => {
    const found: Array<string> = []
    for (let at = 0; at < ways.length; at += 4) {
      const some = ways.slice(at, at + 4)
      const answers = await Promise.all(some.map((way) => isTaken(words(way))))
      found.push(...some.filter((_, index) => answers[index]))
    }
    return found
  }

  it("finds TLS 1.2 and 1.3 and nothing older", async () => {
    const versions = ["-tls1", "-tls1_1", "-tls1_2", "-tls1_3"]
    assert.deepStrictEqual(await taken(versions, (version) => [version, "-cipher", "DEFAULT:@SECLEVEL=0"]), [
      "-tls1_2",
      "-tls1_3"
    ])
  })

  it("finds forward secrecy and authenticated encryption only, the cheapest first", { timeout: 120_000 }, async () => {
    const older = await ciphers(["-s", "-tls1_2", anything])
    assert.isAbove(older.length, 80)
    assert.sameMembers(await taken(older, (cipher) => ["-tls1_2", "-cipher", `${cipher}:@SECLEVEL=0`]), [
      "ECDHE-ECDSA-AES256-GCM-SHA384",
      "ECDHE-ECDSA-AES128-GCM-SHA256",
      "ECDHE-ECDSA-CHACHA20-POLY1305"
    ])
    const suites = ["AES_256_GCM_SHA384", "CHACHA20_POLY1305_SHA256", "AES_128_GCM_SHA256", "AES_128_CCM_SHA256"]
    assert.deepStrictEqual(
      await taken(suites, (suite) => ["-tls1_3", "-ciphersuites", `TLS_${suite}`]),
      suites.slice(0, 3)
    )
    const strongestFirst = ["-cipher", "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-ECDSA-AES256-GCM-SHA384:ALL"]
    assert.match((await probe(["-tls1_2", ...strongestFirst])).stdout, /Cipher is ECDHE-ECDSA-AES128-GCM-SHA256/)
  })

  it("finds keys agreed on elliptic curves only", async () => {
    const groups = ["X25519", "P-256", "P-384", "P-521", "X448", "ffdhe2048", "ffdhe3072", "ffdhe8192"]
    assert.deepStrictEqual(await taken(groups, (group) => ["-tls1_3", "-groups", group]), groups.slice(0, 4))
  })

  it("finds no compression, and that the server does not renegotiate", async () => {
    const { stdout } = await probe(["-tls1_2", "-comp"])
    assert.match(stdout, /^Compression: NONE$/m)
    assert.match(stdout, /^Secure Renegotiation IS supported$/m)
    assert.match(stdout, /Extended master secret: yes/)
    // A line with R alone asks for it.
    const asked = await probe(["-tls1_2"], "R\nNOOP\n")
    assert.match(asked.stderr + asked.stdout, /RENEGOTIATING[\s\S]*no renegotiation/)
  })

  it("finds ALPN's name for FTP, and no other", async () => {
    for (const version of ["-tls1_2", "-tls1_3"]) {
      assert.match((await probe([version, "-alpn", "h2,ftp"])).stdout, /^ALPN protocol: ftp$/m)
      assert.match((await probe([version])).stdout, /^No ALPN negotiated$/m)
      assert.isFalse(await isTaken([version, "-alpn", "h2,http/1.1"]))
    }
  })

  it("finds tickets that the whole server takes", async () => {
    const session = `${house().folder()}/session`
    for (const version of ["-tls1_2", "-tls1_3"]) {
      // The ticket of TLS 1.3 comes with the greeting or behind it.
      const at = ["s_client", ...ports[port](), version, "-crlf", "-ign_eof", "-sess_out", session]
      await openssl(at, "NOOP\nQUIT\n")
      for (let times = 0; times < 3; times++) {
        const { stdout } = await probe([version, "-sess_in", session])
        assert.match(stdout, /^Reused, TLSv1/m)
      }
    }
  })
})

describe("after all probes", () => {
  it("the log has their failures, and nothing is left", async () => {
    await Server.settledDescriptors(house().server)
    const failures =
      house()
        .server.log()
        .match(/TLS handshake failed .*/g) ?? []
    assert.isAbove(failures.length, 100)
    for (const line of failures) assert.match(line, /reason=(Refused|NotTls|Cut) .*peer=\S+/)
  })
})
