import { randomBytes } from "node:crypto"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { assert, it } from "@effect/vitest"
import { everything, inEachOffice, password } from "./support/Operator.ts"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Server from "./support/Server.ts"
import * as Tree from "./support/Tree.ts"

const cases = fileURLToPath(new URL("./ftplib/uploads.py", import.meta.url))

const ftplibCases: ReadonlyArray<readonly [does: string, name: string]> = [
  ["stores, appends and resumes", "stores"],
  ["stores text as text", "text"],
  ["stores and fetches deflated", "deflated"],
  ["stores under new names", "unique"],
  ["makes, renames and removes", "changes"],
  ["sets times and modes", "attributes"],
  ["asks for digests", "digests"],
  ["asks for room", "room"],
  ["introduces itself", "introductions"],
  ["is kept out of where it has no business", "traversal"],
  ["leaves nothing of an upload that is cut", "cut"],
  ["wins whole or loses whole against another writer", "rivals"],
  ["is told that it may only read", "read_only"],
  ["is refused with the wrong password", "strangers"]
]

inEachOffice(
  "uploads",
  (office) => {
    const home = (name: string) => Path.join(office().operator.home("joe"), name)
    const at = (path: string, host = "127.0.0.1") => `ftp://${host}:${office().port}/${path}`

    const curl = (words: ReadonlyArray<string>, cwd = office().folder()) =>
      Program.run("curl", ["--silent", "--show-error", "--max-time", "40", "--user", `joe:${password}`, ...words], {
        cwd
      })

    const done = async (outcome: Promise<Program.Outcome>) => {
      const { code, stderr, stdout } = await outcome
      assert.strictEqual(code, 0, `${stderr}\n${stdout.slice(-2000)}`)
    }

    const local = (name: string, bytes: Buffer): string => {
      const folder = office().folder()
      Fs.writeFileSync(Path.join(folder, name), bytes)
      return Path.join(folder, name)
    }

    it.each([
      ["EPSV", [], "127.0.0.1"],
      ["PASV", ["--disable-epsv"], "127.0.0.1"],
      ["EPRT", ["-P", "-"], "127.0.0.1"],
      ["EPSV over IPv6", [], "[::1]"]
    ] as const)("curl stores by %s", async (_way, words, host) => {
      for (const size of [0, 1, 100_000, Tree.bigSize]) {
        const bytes = randomBytes(size)
        await done(curl([...words, "-T", local("up.bin", bytes), at("up.bin", host)]))
        assert.isTrue(Fs.readFileSync(home("up.bin")).equals(bytes), `${size} bytes`)
      }
    })

    it("curl appends, resumes, makes directories, renames and deletes", async () => {
      const bytes = randomBytes(3_000_000)
      await done(curl(["-T", local("half", bytes.subarray(0, 1_234_567)), at("resumed.bin")]))
      await done(curl(["-C", "-", "-T", local("whole", bytes), at("resumed.bin")]))
      assert.isTrue(Fs.readFileSync(home("resumed.bin")).equals(bytes))
      await done(curl(["-a", "-T", local("more", bytes.subarray(0, 1000)), at("resumed.bin")]))
      assert.strictEqual(Fs.statSync(home("resumed.bin")).size, 3_001_000)
      await done(curl(["--ftp-create-dirs", "-T", local("deep", bytes), at("new/newer/newest/deep.bin")]))
      assert.isTrue(Fs.readFileSync(home("new/newer/newest/deep.bin")).equals(bytes))
      await done(
        curl(["-Q", "RNFR resumed.bin", "-Q", "RNTO renamed.bin", "-Q", "DELE new/newer/newest/deep.bin", at("")])
      )
      assert.isFalse(Fs.existsSync(home("resumed.bin")))
      assert.isTrue(Fs.existsSync(home("renamed.bin")))
      assert.deepStrictEqual(everything(home("new")), ["newer", "newer/newest"])
    })

    it("curl is killed in mid-upload, and nothing is there; what was there stays", async () => {
      const old = randomBytes(5000)
      Fs.writeFileSync(home("kept.bin"), old)
      const before = everything(home(""))
      for (const name of ["kept.bin", "never.bin"]) {
        const words = ["--silent", "--user", `joe:${password}`, "--limit-rate", "200k"]
        const file = local("big", randomBytes(2_000_000))
        const client = Program.start("curl", [...words, "-T", file, at(name)], { cwd: office().folder() })
        await Server.until(
          () => everything(home("")).length > before.length,
          () => "the upload did not begin"
        )
        client.kill("SIGKILL")
        await client.ended
        await Server.until(
          () => everything(home("")).length === before.length,
          () => `something is left: ${everything(home(""))}`
        )
      }
      assert.isTrue(Fs.readFileSync(home("kept.bin")).equals(old))
      assert.isFalse(Fs.existsSync(home("never.bin")))
    })

    it("lftp mirrors a tree up and down again", async () => {
      const cwd = office().folder()
      const tree = Tree.make(cwd)
      Fs.unlinkSync(Path.join(tree.root, "way out"))
      Fs.unlinkSync(Path.join(tree.root, "deep/link to text"))
      Fs.rmSync(Path.join(tree.root, "odd"), { recursive: true })
      for (const name of Tree.manyNames.slice(200)) Fs.unlinkSync(Path.join(tree.root, "many", name))
      const script = (commands: ReadonlyArray<string>) =>
        [
          "set net:max-retries 2",
          "set net:timeout 20",
          "set cmd:fail-exit yes",
          "set ftp:ssl-allow no",
          "set ftp:sync-mode off",
          `open -u joe,"${password.replace(/["\\]/g, "\\$&")}" ftp://127.0.0.1:${office().port}`,
          ...commands
        ].join("; ")
      const lftp = (commands: ReadonlyArray<string>) =>
        done(Program.run("lftp", ["--norc", "-c", script(commands)], { cwd, timeout: 90_000 }))
      await lftp(["mirror -R --parallel=3 served mirrored", "mirror --parallel=3 mirrored down"])
      Same.folders(home("mirrored"), tree.root)
      Same.folders(Path.join(cwd, "down"), tree.root)
      const time = (path: string) => Math.floor(Fs.statSync(path).mtimeMs / 1000)
      assert.strictEqual(time(home("mirrored/text.txt")), time(Path.join(tree.root, "text.txt")))
      Fs.writeFileSync(Path.join(tree.root, "text.txt"), "changed")
      Fs.rmSync(Path.join(tree.root, "many"), { recursive: true })
      await lftp([
        "mirror -R --delete served mirrored",
        "mv mirrored renamed",
        "chmod 600 renamed/text.txt",
        "rm -r renamed/deep"
      ])
      assert.deepStrictEqual(everything(home("renamed")), ["big.bin", "empty", "piece.bin", "text.txt"])
      assert.strictEqual(Fs.statSync(home("renamed/text.txt")).mode & 0o777, 0o600)
    })

    it("lftp goes on with an upload where it stopped", async () => {
      const bytes = randomBytes(4_000_000)
      Fs.writeFileSync(home("reput.bin"), bytes.subarray(0, 1_500_000))
      const file = local("reput.bin", bytes)
      const open = `open -u joe,"${password.replace(/["\\]/g, "\\$&")}" ftp://127.0.0.1:${office().port}`
      const script = `set ftp:ssl-allow no; set net:max-retries 2; ${open}; put -c ${file}`
      await done(Program.run("lftp", ["--norc", "-c", script], { cwd: office().folder() }))
      assert.isTrue(Fs.readFileSync(home("reput.bin")).equals(bytes))
    })

    it.each(ftplibCases)("ftplib %s", async (_does, name) => {
      const { folder, operator, port } = office()
      const words = [cases, name, "127.0.0.1", String(port), operator.home("joe"), password]
      const { code, stderr } = await Program.run("python3", words, { cwd: folder() })
      assert.strictEqual(code, 0, stderr)
    })

    it("rclone syncs up and down, and finds nothing to do the second time", async () => {
      const cwd = office().folder()
      const source = Path.join(cwd, "source")
      Fs.mkdirSync(Path.join(source, "sub folder"), { recursive: true })
      for (let index = 0; index < 40; index++) {
        Fs.writeFileSync(
          Path.join(source, index % 2 === 0 ? "." : "sub folder", `file ${index}`),
          randomBytes(index * 1000)
        )
      }
      const obscured = await Program.run("rclone", ["obscure", "-"], { cwd, input: password })
      const environment = {
        RCLONE_CONFIG: "/dev/null",
        RCLONE_FTP_HOST: "127.0.0.1",
        RCLONE_FTP_PORT: String(office().port),
        RCLONE_FTP_USER: "joe",
        RCLONE_FTP_PASS: obscured.stdout.trim()
      }
      const rclone = (...words: ReadonlyArray<string>) => Program.run("rclone", words, { cwd, environment })
      await done(rclone("sync", source, ":ftp:synced"))
      Same.folders(home("synced"), source)
      await done(rclone("check", source, ":ftp:synced"))
      const again = await rclone("sync", "-v", source, ":ftp:synced")
      assert.match(again.stderr, /There was nothing to transfer/)
      await done(rclone("sync", ":ftp:synced", Path.join(cwd, "back")))
      Same.folders(Path.join(cwd, "back"), source)
      await done(rclone("purge", ":ftp:synced"))
      assert.isFalse(Fs.existsSync(home("synced")))
    })

    it("ncftp puts and gets a tree", async () => {
      const cwd = office().folder()
      Fs.mkdirSync(Path.join(cwd, "tree/inner"), { recursive: true })
      Fs.writeFileSync(Path.join(cwd, "tree/one.bin"), randomBytes(300_000))
      Fs.writeFileSync(Path.join(cwd, "tree/inner/two.bin"), randomBytes(70))
      const login = ["-u", "joe", "-p", password, "-P", String(office().port)]
      await done(Program.run("ncftpput", [...login, "-R", "-m", "127.0.0.1", "/ncftp", "tree"], { cwd }))
      Same.folders(home("ncftp/tree"), Path.join(cwd, "tree"))
      await done(Program.run("ncftpget", [...login, "-R", "127.0.0.1", "back", "/ncftp/tree"], { cwd }))
      Same.folders(Path.join(cwd, "back/tree"), Path.join(cwd, "tree"))
    })
  },
  [],
  { expected: / WARN +upload interrupted / }
)
