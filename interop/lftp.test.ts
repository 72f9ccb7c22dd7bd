import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import { inEachHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Tree from "./support/Tree.ts"

const settings = [
  "set net:max-retries 2",
  "set net:timeout 20",
  "set net:reconnect-interval-base 1",
  "set cmd:fail-exit yes",
  "set cmd:move-background no",
  "set ftp:ssl-allow no",
  "set xfer:clobber yes"
]

const ways: ReadonlyArray<readonly [name: string, settings: ReadonlyArray<string>, host: string]> = [
  ["passive", [], "127.0.0.1"],
  ["active", ["set ftp:passive-mode off"], "127.0.0.1"],
  ["passive over IPv6", [], "[::1]"],
  ["active over IPv6", ["set ftp:passive-mode off"], "[::1]"],
  ["EPSV preferred", ["set ftp:prefer-epsv yes"], "127.0.0.1"],
  ["FEAT not asked", ["set ftp:use-feat no"], "127.0.0.1"],
  ["LIST for MLSD", ["set ftp:use-mlsd no"], "127.0.0.1"],
  ["no MDTM, SIZE or ABOR", ["set ftp:use-mdtm no", "set ftp:use-size no", "set ftp:use-abor no"], "127.0.0.1"],
  ["commands one by one", ["set ftp:sync-mode on"], "127.0.0.1"],
  ["commands in advance", ["set ftp:sync-mode off", "set ftp:use-telnet-iac yes"], "127.0.0.1"]
]

inEachHouse("lftp", (house) => {
  const attempt = (commands: ReadonlyArray<string>, { cwd = house().folder(), host = "127.0.0.1" } = {}) => {
    const script = [...settings, `open ftp://${host}:${house().port}`, ...commands]
    return Program.run("lftp", ["--norc", "-c", script.join("; ")], { cwd })
  }

  const lftp = async (...request: Parameters<typeof attempt>) => {
    const outcome = await attempt(...request)
    assert.strictEqual(outcome.code, 0, `${outcome.stderr}\n${outcome.stdout.slice(-2000)}`)
    return outcome
  }

  const lines = async (commands: ReadonlyArray<string>): Promise<ReadonlyArray<string>> =>
    (await lftp(commands)).stdout.split("\n").filter((line) => line !== "")

  it.each(ways)("mirrors the deep tree and fetches a large file: %s", async (_name, chosen, host) => {
    const cwd = house().folder()
    const { stderr, stdout } = await lftp(["debug 5", ...chosen, "mirror --parallel=2 deep deep", "get big.bin"], {
      cwd,
      host
    })
    const [mirrored, served] = [Path.join(cwd, "deep"), Path.join(house().tree.root, "deep")]
    // MLSD does not say where links point, and without that lftp leaves them out.
    const usesMlsd = !Fs.readdirSync(mirrored).includes("link to text")
    if (usesMlsd) Fs.symlinkSync("../text.txt", Path.join(mirrored, "link to text"))
    assert.strictEqual(usesMlsd, !chosen.some((setting) => /use-(mlsd|feat) no/.test(setting)))
    Same.folders(mirrored, served)
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
    // MDTM is for files; lftp asks it of folders too.
    assert.notMatch(stderr + stdout, /<--- (?!550 Is a directory\.)[45]/)
  })

  it("keeps times in a mirror, and has nothing to fetch the second time", async () => {
    const cwd = house().folder()
    const { stdout } = await lftp(["mirror deep deep", "mirror --verbose deep deep"], { cwd })
    assert.notMatch(stdout, /Transferring|New:/)
    const leaf = Path.join(Tree.deepFolder, "leaf 2.bin")
    const seconds = (folder: string) => Math.floor(Fs.statSync(Path.join(folder, leaf)).mtimeMs / 1000)
    assert.strictEqual(seconds(cwd), seconds(house().tree.root))
  })

  it("follows links when told to", async () => {
    const cwd = house().folder()
    await lftp(["mirror --dereference deep deep"], { cwd })
    assert.strictEqual(Fs.readFileSync(Path.join(cwd, "deep/link to text"), "utf8"), Tree.text)
  })

  it("fetches one file in four pieces at once", async () => {
    const cwd = house().folder()
    await lftp(["pget -n 4 big.bin"], { cwd })
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
  })

  it("goes on with a file where it stopped", async () => {
    const cwd = house().folder()
    Fs.writeFileSync(Path.join(cwd, "big.bin"), house().tree.big.subarray(0, 12_345_678))
    const { stderr, stdout } = await lftp(["debug 5", "get -c big.bin"], { cwd })
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
    assert.match(stderr + stdout, /<--- 350 Restarting at 12345678/)
  })

  it("lists", async () => {
    const listing = await lines(["ls", "ls deep/one", "ls -la deep/one/two"])
    assert.isTrue(listing.some((line) => /^-rw-r--r-- .* 57 Mar +4 +2021 text\.txt$/.test(line)))
    for (const folder of ["many", "two", "three"]) {
      assert.isTrue(
        listing.some((line) => line.startsWith("drwxr-xr-x") && line.endsWith(` ${folder}`)),
        folder
      )
    }
    Same.lists(await lines(["cd many", "nlist"]), Tree.manyNames)
    Same.lists(
      await lines(["cls -1 many"]),
      Tree.manyNames.map((name) => `many/${name}`)
    )
    Same.lists(
      await lines(["cls -1 many/file-19[89]?.dat"]),
      Tree.manyNames.slice(1980).map((name) => `many/${name}`)
    )
  })

  it("finds and counts", async () => {
    assert.strictEqual((await lines(["find many"])).length, Tree.manyCount + 1)
    assert.match((await lines(["du -b many"])).at(-1) ?? "", /\t(\.\/)?many\/?$/)
  })

  it("fetches what a pattern names", async () => {
    const cwd = house().folder()
    await lftp(["mget many/file-19[89]?.dat many/*-0000.dat"], { cwd })
    const expected = Tree.manyNames.filter((name) => /-(19[89]\d|0000)\./.test(name))
    assert.deepStrictEqual(Fs.readdirSync(cwd).sort(), expected)
    for (const name of expected) assert.strictEqual(Fs.readFileSync(Path.join(cwd, name), "utf8"), name)
  })

  it.each([
    ["by MLSD", []],
    ["by LIST", ["set ftp:use-mlsd no"]]
  ] as const)("mirrors odd names %s", async (_name, chosen) => {
    const cwd = house().folder()
    await lftp([...chosen, "set ftp:use-utf8 no", "mirror odd odd"], { cwd })
    Same.folders(Path.join(cwd, "odd"), Path.join(house().tree.root, "odd"))
  })

  it("mirrors two thousand files", async () => {
    const cwd = house().folder()
    await lftp(["mirror --parallel=8 many many"], { cwd })
    Same.folders(Path.join(cwd, "many"), Path.join(house().tree.root, "many"))
  })

  it("reads text as text", async () => {
    const cwd = house().folder()
    await lftp(["get -a text.txt"], { cwd })
    assert.strictEqual(Fs.readFileSync(Path.join(cwd, "text.txt"), "utf8"), Tree.text.replace(/\r\n/g, "\n"))
  })

  it("is refused changes and missing files in words", async () => {
    const cwd = house().folder()
    Fs.writeFileSync(Path.join(cwd, "new.txt"), "new")
    const changes = [
      "put new.txt",
      "mkdir new",
      "rm text.txt",
      "rmdir deep",
      "mv text.txt new.txt",
      "chmod 600 text.txt"
    ]
    await Same.unchanged(house().tree.root, async () => {
      for (const command of [...changes, "get missing.txt", "cd missing"]) {
        const { code, stderr } = await attempt([command], { cwd })
        assert.strictEqual(code, 1, command)
        assert.match(stderr, /550 /, command)
      }
    })
  })
})
