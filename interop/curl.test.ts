import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import { inEachHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Tree from "./support/Tree.ts"

inEachHouse("curl", (house) => {
  const at = (path: string, host = "127.0.0.1") => `ftp://${host}:${house().port}/${path}`

  const curl = (words: ReadonlyArray<string>, cwd = house().folder()) =>
    Program.run("curl", ["--silent", "--show-error", "--globoff", "--max-time", "40", ...words], { cwd })

  const get = async (words: ReadonlyArray<string>): Promise<Buffer> => {
    const { bytes, code, stderr } = await curl(words)
    assert.strictEqual(code, 0, stderr)
    return bytes
  }

  const lines = async (words: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
    (await get(words))
      .toString()
      .split("\n")
      .filter((line) => line !== "")

  const ways: ReadonlyArray<readonly [name: string, words: ReadonlyArray<string>, host: string, command: string]> = [
    ["EPSV", [], "127.0.0.1", "EPSV"],
    ["PASV", ["--disable-epsv"], "127.0.0.1", "PASV"],
    ["EPRT", ["-P", "-"], "127.0.0.1", "EPRT |1|"],
    ["PORT", ["-P", "-", "--disable-eprt"], "127.0.0.1", "PORT 127,0,0,1,"],
    ["EPSV over IPv6", [], "[::1]", "EPSV"],
    ["EPRT over IPv6", ["-P", "-"], "[::1]", "EPRT |2|"]
  ]

  it.each(ways)("fetches and lists by %s", async (_name, words, host, command) => {
    const { bytes, code, stderr } = await curl(["--verbose", ...words, at("big.bin", host)])
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, `> ${command}`)
    assert.strictEqual(Tree.sha256(bytes), Tree.sha256(house().tree.big))
    assert.strictEqual((await get([...words, at("empty", host)])).length, 0)
    Same.lists(await lines([...words, "--list-only", at("many/", host)]), Tree.manyNames)
  })

  it("says what FTP clients are used to hear", async () => {
    const { stderr } = await curl(["--verbose", at("text.txt")])
    const replies = stderr.split(/\r?\n/).flatMap((line) => (line.startsWith("< ") ? [line.slice(2)] : []))
    assert.match(replies.join("\n"), new RegExp(expectedReplies.join("\n")))
  })

  it("resumes with -C - and leaves a whole file alone", async () => {
    const { folder, tree } = house()
    const cwd = folder()
    const file = Path.join(cwd, "part.bin")
    Fs.writeFileSync(file, tree.big.subarray(0, 7_654_321))
    const { code, stderr } = await curl(["--verbose", "-C", "-", "-o", file, at("big.bin")], cwd)
    assert.strictEqual(code, 0, stderr)
    assert.include(stderr, "> REST 7654321")
    assert.isTrue(Fs.readFileSync(file).equals(tree.big))
    const again = await curl(["--verbose", "-C", "-", "-o", file, at("big.bin")], cwd)
    assert.strictEqual(again.code, 0, again.stderr)
    assert.notInclude(again.stderr, "> RETR")
    assert.isTrue(Fs.readFileSync(file).equals(tree.big))
  })

  it.each([
    ["0-99", 0, 100],
    ["1000000-3999999", 1_000_000, 4_000_000],
    ["20971000-", 20_971_000, Tree.bigSize],
    ["-50", Tree.bigSize - 50, Tree.bigSize]
  ] as const)("fetches the range %s", async (range, from, to) => {
    const bytes = await get(["-r", range, at("big.bin")])
    assert.strictEqual(bytes.length, to - from)
    assert.isTrue(bytes.equals(house().tree.big.subarray(from, to)))
  })

  it("goes on in the same session after a range was cut off", async () => {
    const cwd = house().folder()
    const range = ["-r", "0-999", "-o", "one", at("big.bin")]
    const whole = ["--next", "--silent", "--max-time", "40", "-o", "two", "-w", "%{num_connects}", at("text.txt")]
    const { code, stderr } = await curl([...range, ...whole], cwd)
    assert.strictEqual(code, 0, stderr)
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "one")).equals(house().tree.big.subarray(0, 1000)))
    assert.strictEqual(Fs.readFileSync(Path.join(cwd, "two"), "utf8"), Tree.text)
  })

  it("reuses one session for many files", async () => {
    const cwd = house().folder()
    const files = ["many/file-0000.dat", "many/file-1999.dat", "deep/one/leaf 1.bin", "text.txt"]
    const words = files.flatMap((file, index) => ["-o", String(index), at(encodeURI(file))])
    const { code, stderr, stdout } = await curl(["-w", "%{num_connects} ", ...words], cwd)
    assert.strictEqual(code, 0, stderr)
    // One connection for commands and one for data, then one for data only.
    assert.strictEqual(stdout.trim(), "2 1 1 1")
    for (const [index, file] of files.entries()) {
      const original = Fs.readFileSync(Path.join(house().tree.root, file))
      assert.isTrue(Fs.readFileSync(Path.join(cwd, String(index))).equals(original), file)
    }
  })

  it("shows size and time with -I", async () => {
    const head = (await get(["-I", at("text.txt")])).toString()
    assert.include(head, `Last-Modified: Thu, 04 Mar 2021 05:06:07 GMT\r\n`)
    assert.include(head, `Content-Length: ${Buffer.byteLength(Tree.text)}\r\n`)
    assert.include(head, "Accept-ranges: bytes\r\n")
  })

  it("fetches only what is newer with -z, and keeps the time with -R", async () => {
    const cwd = house().folder()
    const older = await curl(["--verbose", "-z", "20210305", "-o", "skipped", at("text.txt")], cwd)
    assert.strictEqual(older.code, 0, older.stderr)
    assert.notInclude(older.stderr, "> RETR")
    const newer = await curl(["-z", "20210303", "-R", "-o", "taken", at("text.txt")], cwd)
    assert.strictEqual(newer.code, 0, newer.stderr)
    assert.deepStrictEqual(Fs.statSync(Path.join(cwd, "taken")).mtime, Tree.modified)
  })

  it("takes text in TYPE A and makes its own line ends of it", async () => {
    const bytes = await get([at("text.txt;type=a")])
    assert.strictEqual(bytes.toString(), Tree.text.replace(/\r\n?/g, "\n"))
    assert.strictEqual((await get([at("text.txt;type=i")])).toString(), Tree.text)
    assert.include((await get([at("many/;type=d")])).toString(), "file-1234.dat")
  })

  it.each(["multicwd", "nocwd", "singlecwd"])("walks to deep places with %s", async (method) => {
    for (const path of [`${Tree.deepFolder}/leaf 2.bin`, "deep/link to text"]) {
      const bytes = await get(["--ftp-method", method, at(encodeURI(path))])
      assert.isTrue(bytes.equals(Fs.readFileSync(Path.join(house().tree.root, path))), path)
    }
    const names = await lines(["--ftp-method", method, "--list-only", at(`${Tree.deepFolder}/`)])
    // Without CWD curl names the folder to NLST, which then answers with names that can be fetched from where it is.
    const prefix = method === "nocwd" ? `${Tree.deepFolder}/` : ""
    assert.deepStrictEqual(
      names,
      ["empty folder", "leaf 0.bin", "leaf 1.bin", "leaf 2.bin"].map((name) => prefix + name)
    )
  })

  it.each(Tree.oddNames)("fetches odd/%s", async (name) => {
    const escaped = encodeURIComponent(name)
    for (const method of ["multicwd", "nocwd"]) {
      assert.strictEqual((await get(["--ftp-method", method, at(`odd/${escaped}`)])).toString(), `in ${name}\n`)
    }
  })

  it("lists odd names byte by byte and fetches one that is no UTF-8", async () => {
    const listed = await get(["--list-only", at("odd/")])
    const expected = [...Tree.oddNames.map((name) => Buffer.from(name)), Tree.latin1Name].sort(Buffer.compare)
    const raw = (names: ReadonlyArray<Buffer>) => names.map((name) => `${name.toString("latin1")}\n`).join("")
    assert.strictEqual(listed.toString("latin1").replaceAll("\r", ""), raw(expected))
    assert.strictEqual((await get([at("odd/caf%E9.txt")])).toString(), "in Latin-1\n")
  })

  it("lists for people", async () => {
    const listing = await lines([at("")])
    const one = listing.find((line) => line.includes("text.txt"))
    assert.match(one ?? "", /^-rw-r--r-- +1 \S+ +\S+ +57 Mar +4 +2021 text\.txt\r?$/)
    assert.isTrue(listing.some((line) => /^drwxr-xr-x .* deep\r?$/.test(line)))
    assert.isTrue(listing.some((line) => /^lrwxrwxrwx .* way out\r?$/.test(line)))
  })

  it.each([
    ["a file that is not there", ["missing.txt"], 78, /550|78/],
    ["a file in a folder that is not there", ["nowhere/missing.txt"], 9, /denied/i],
    ["a folder that is not there", ["nowhere/"], 9, /denied/i],
    ["a name that leads out of the folder served", ["way%20out"], 78, /./],
    ["a way up and out", ["%2F..%2F..%2Fetc/passwd"], 9, /./],
    ["a folder as a file", ["deep"], 78, /./]
  ] as const)("is refused %s", async (_name, [path], code, said) => {
    const outcome = await curl([at(path)])
    assert.strictEqual(outcome.code, code, outcome.stderr)
    assert.match(outcome.stderr, said)
    assert.strictEqual(outcome.bytes.length, 0)
  })

  it("is refused every change", async () => {
    const cwd = house().folder()
    Fs.writeFileSync(Path.join(cwd, "new.txt"), "new")
    await Same.unchanged(house().tree.root, async () => {
      const upload = await curl(["--verbose", "-T", "new.txt", at("new.txt")], cwd)
      assert.strictEqual(upload.code, 25, upload.stderr)
      assert.include(upload.stderr, "< 550 ")
      const append = await curl(["--append", "-T", "new.txt", at("text.txt")], cwd)
      assert.strictEqual(append.code, 25, append.stderr)
      for (const command of ["DELE text.txt", "RMD deep", "MKD new", "RNFR text.txt", "MFMT 20200101000000 text.txt"]) {
        const quoted = await curl(["-Q", command, at("")])
        assert.strictEqual(quoted.code, 21, `${command}: ${quoted.stderr}`)
      }
      const created = await curl(["--ftp-create-dirs", "-T", "new.txt", at("new/folder/new.txt")], cwd)
      assert.strictEqual(created.code, 9, created.stderr)
    })
  })

  it("sends commands of its own before and after a transfer", async () => {
    const words = ["-Q", "NOOP", "-Q", "STAT", "-Q", "-SYST", "-Q", "-STAT text.txt", "--verbose", at("text.txt")]
    const { code, stderr, stdout } = await curl(words)
    assert.strictEqual(code, 0, stderr)
    assert.strictEqual(stdout, Tree.text)
    assert.match(
      stderr,
      /< 211-[\s\S]*< 211 [\s\S]*< 226 [\s\S]*< 215 UNIX Type: L8\r?\n[\s\S]*< 213-[\s\S]*text\.txt\r?\n[\s\S]*< 213 /
    )
  })

  it("logs in with a password and keeps it out of the log", async () => {
    const { code, stderr } = await curl(["--verbose", "--user", "somebody:secret", at("text.txt")])
    assert.strictEqual(code, 0, stderr)
    assert.match(stderr, /< 331 [\s\S]*< 230 /)
    assert.notInclude(house().server.log(), "secret")
  })
})

const expectedReplies = [
  "220 .*",
  "331 .*",
  "230 .*",
  '257 "/" .*',
  "229 Entering Extended Passive Mode \\(\\|\\|\\|\\d+\\|\\)",
  "200 .*",
  `213 ${Buffer.byteLength(Tree.text)}`,
  "150 .*",
  "226 .*(\\n221 .*)?$"
]
