import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import { inEachHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Tree from "./support/Tree.ts"

const ways: ReadonlyArray<readonly [name: string, words: ReadonlyArray<string>, host: string]> = [
  ["passive", [], "127.0.0.1"],
  ["active", ["--no-passive-ftp"], "127.0.0.1"],
  ["passive over IPv6", [], "[::1]"],
  ["active over IPv6", ["--no-passive-ftp"], "[::1]"]
]

inEachHouse("wget", (house) => {
  const wget = async (path: string, words: ReadonlyArray<string> = [], host = "127.0.0.1") => {
    const cwd = house().folder()
    const all = ["--no-verbose", "--tries=1", "--timeout=20", "--no-hsts", "--restrict-file-names=nocontrol"]
    const outcome = await Program.run("wget", [...all, ...words, `ftp://${host}:${house().port}/${path}`], { cwd })
    return { ...outcome, cwd }
  }

  it.each(ways)("fetches and recurses: %s", async (_name, words, host) => {
    const big = await wget("big.bin", words, host)
    assert.strictEqual(big.code, 0, big.stderr)
    assert.isTrue(Fs.readFileSync(Path.join(big.cwd, "big.bin")).equals(house().tree.big))
    const tree = await wget("deep/", [...words, "--recursive", "--level=inf", "--no-host-directories"], host)
    assert.strictEqual(tree.code, 0, tree.stderr)
    const link = Path.join(tree.cwd, "deep/link to text")
    assert.strictEqual(Fs.readFileSync(link, "utf8"), Tree.text, "links are fetched as what they point to")
    Fs.rmSync(link)
    Fs.symlinkSync("../text.txt", link)
    Same.folders(Path.join(tree.cwd, "deep"), Path.join(house().tree.root, "deep"))
  })

  it("fetches what a pattern names", async () => {
    const { code, cwd, stderr } = await wget("many/file-19[89]?.dat")
    assert.strictEqual(code, 0, stderr)
    assert.deepStrictEqual(Fs.readdirSync(cwd).sort(), Tree.manyNames.slice(1980))
    for (const name of Tree.manyNames.slice(1980)) {
      assert.strictEqual(Fs.readFileSync(Path.join(cwd, name), "utf8"), name)
    }
  })

  it("recurses into names that are odd", async () => {
    const { code, cwd, stderr } = await wget("odd/", ["--recursive", "--no-host-directories"])
    assert.strictEqual(code, 0, stderr)
    // wget itself reads this name as one with a space.
    Fs.renameSync(Path.join(cwd, "odd/percent .txt"), Path.join(cwd, "odd/percent%20.txt"))
    Same.folders(Path.join(cwd, "odd"), Path.join(house().tree.root, "odd"))
  })

  it("goes on with a file where it stopped", async () => {
    const cwd = house().folder()
    Fs.writeFileSync(Path.join(cwd, "big.bin"), house().tree.big.subarray(0, 5_000_001))
    const { code, stderr } = await wget("big.bin", ["--continue", "--verbose", "--directory-prefix", cwd])
    assert.strictEqual(code, 0, stderr)
    assert.match(stderr, /REST 5000001 \.\.\. done/)
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
  })

  it("fetches only what is newer, and keeps times", async () => {
    const first = await wget("text.txt", ["--timestamping"])
    assert.strictEqual(first.code, 0, first.stderr)
    assert.strictEqual(Fs.statSync(Path.join(first.cwd, "text.txt")).mtime.toISOString().slice(0, 10), "2021-03-04")
    const again = await wget("text.txt", ["--timestamping", "--verbose", "--directory-prefix", first.cwd])
    assert.strictEqual(again.code, 0, again.stderr)
    assert.notInclude(again.stderr, "RETR")
  })

  it("reads text as text, and shows a folder as a page", async () => {
    const text = await wget("text.txt;type=a")
    assert.strictEqual(text.code, 0, text.stderr)
    const page = await wget("many/")
    assert.strictEqual(page.code, 0, page.stderr)
    assert.include(Fs.readFileSync(Path.join(page.cwd, "index.html"), "utf8"), "file-1999.dat")
  })

  it("is told what is not there", async () => {
    for (const path of ["missing.txt", "nowhere/missing.txt", "way%20out"]) {
      const { code, cwd } = await wget(path)
      assert.strictEqual(code, 8, path)
      assert.deepStrictEqual(
        Fs.readdirSync(cwd).filter((name) => Fs.lstatSync(Path.join(cwd, name)).size > 0),
        []
      )
    }
  })
})
