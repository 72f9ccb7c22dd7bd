import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, it } from "@effect/vitest"
import { inEachHouse } from "./support/House.ts"
import * as Program from "./support/Program.ts"
import * as Same from "./support/Same.ts"
import * as Tree from "./support/Tree.ts"

const ways: ReadonlyArray<readonly [name: string, flags: ReadonlyArray<string>, host: string, commands: string]> = [
  ["passive", ["-p"], "127.0.0.1", "epsv4"],
  ["extended passive", ["-p"], "127.0.0.1", ""],
  ["active", ["-A"], "127.0.0.1", "epsv4"],
  ["extended active", ["-A"], "127.0.0.1", ""],
  ["extended passive over IPv6", ["-p"], "::1", ""],
  ["extended active over IPv6", ["-A"], "::1", ""]
]

inEachHouse("tnftp", (house) => {
  const tnftp = async (
    commands: ReadonlyArray<string>,
    { cwd = house().folder(), flags = [] as ReadonlyArray<string>, host = "127.0.0.1" } = {}
  ) => {
    const login = [`open ${host} ${house().port}`, "user anonymous guest@example.com"]
    const input = [...login, ...commands, "quit", ""].join("\n")
    const outcome = await Program.run("tnftp", ["-n", "-i", "-v", ...flags], { cwd, input })
    assert.strictEqual(outcome.code, 0, outcome.stderr)
    assert.match(outcome.stdout, /^230 /m)
    assert.match(outcome.stdout, /^221 /m)
    return outcome
  }

  it.each(ways)("fetches and lists: %s", async (_name, flags, host, first) => {
    const cwd = house().folder()
    const commands = [
      first,
      "get big.bin",
      "get empty",
      "ls many",
      "nlist many names",
      "cd deep/one",
      'get "leaf 2.bin" leaf'
    ]
    const { stdout } = await tnftp(
      commands.filter((command) => command !== ""),
      { cwd, flags, host }
    )
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
    assert.strictEqual(Fs.statSync(Path.join(cwd, "empty")).size, 0)
    const leaf = Fs.readFileSync(Path.join(house().tree.root, "deep/one/leaf 2.bin"))
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "leaf")).equals(leaf))
    Same.lists(stdout.match(/file-\d{4}\.dat$/gm) ?? [], Tree.manyNames)
    Same.lists(
      Fs.readFileSync(Path.join(cwd, "names"), "latin1").split(/\r?\n/).slice(0, -1),
      Tree.manyNames.map((name) => `many/${name}`)
    )
    assert.notMatch(stdout, /^[45]\d\d /m)
  })

  it("fetches what patterns name, also in other folders", async () => {
    const cwd = house().folder()
    for (const folder of ["many", "deep/one"]) Fs.mkdirSync(Path.join(cwd, folder), { recursive: true })
    await tnftp(['mget many/file-000?.dat "deep/one/leaf 2.bin" *.txt'], { cwd })
    for (const file of [
      ...Tree.manyNames.slice(0, 10).map((name) => `many/${name}`),
      "deep/one/leaf 2.bin",
      "text.txt"
    ]) {
      const original = Fs.readFileSync(Path.join(house().tree.root, file))
      assert.isTrue(Fs.readFileSync(Path.join(cwd, file)).equals(original), file)
    }
    assert.deepStrictEqual(Fs.readdirSync(cwd).sort(), ["deep", "many", "text.txt"])
  })

  it("fetches all of a folder", async () => {
    const cwd = house().folder()
    Fs.mkdirSync(Path.join(cwd, "odd"))
    await tnftp(["mget odd"], { cwd })
    Same.folders(Path.join(cwd, "odd"), Path.join(house().tree.root, "odd"))
  })

  it("goes on with a file where it stopped", async () => {
    const cwd = house().folder()
    Fs.writeFileSync(Path.join(cwd, "big.bin"), house().tree.big.subarray(0, 9_999_999))
    const { stdout } = await tnftp(["reget big.bin"], { cwd })
    assert.match(stdout, /^350 /m)
    assert.match(stdout, new RegExp(`^${Tree.bigSize - 9_999_999} bytes received`, "m"))
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "big.bin")).equals(house().tree.big))
  })

  it("reads text as text", async () => {
    const cwd = house().folder()
    await tnftp(["ascii", "get text.txt"], { cwd })
    assert.strictEqual(Fs.readFileSync(Path.join(cwd, "text.txt"), "utf8"), Tree.text.replace(/\r\n/g, "\n"))
  })

  it("asks for size, time, facts and status", async () => {
    const { stdout } = await tnftp([
      "binary",
      "size text.txt",
      "modtime text.txt",
      "mlst text.txt",
      "mlsd deep",
      "rstatus",
      "features"
    ])
    assert.match(stdout, /^text\.txt\t57$/m)
    assert.match(stdout, /^text\.txt\tThu, 0?4 Mar 2021 05:06:07 /m)
    assert.match(stdout, /^ Type=file;Size=57;Modify=20210304050607;.* \/text\.txt$/m)
    assert.match(stdout, /^Type=dir;.* one$/m)
    assert.match(stdout, /^211-Status\n[\s\S]*^211 /m)
    assert.match(stdout, /^211-.*\n[\s\S]*^ REST STREAM$[\s\S]*^211 /m)
  })

  it.each([
    ["-p", "127.0.0.1"],
    ["-A", "127.0.0.1"],
    ["-p", "[::1]"],
    ["-A", "[::1]"]
  ])("fetches an address given on the command line: %s %s", async (flag, host) => {
    const cwd = house().folder()
    const url = (path: string) => `ftp://${host}:${house().port}/${path}`
    const words = [flag, "-o", "taken", url(`${Tree.deepFolder}/leaf%202.bin`)]
    const { code, stderr } = await Program.run("tnftp", words, { cwd })
    assert.strictEqual(code, 0, stderr)
    const original = Fs.readFileSync(Path.join(house().tree.root, Tree.deepFolder, "leaf 2.bin"))
    assert.isTrue(Fs.readFileSync(Path.join(cwd, "taken")).equals(original))
    const missing = await Program.run("tnftp", [flag, url("missing.txt")], { cwd })
    assert.strictEqual(missing.code, 1)
    assert.match(missing.stdout + missing.stderr, /No such file or directory/)
  })

  it("is refused every change, and goes on", async () => {
    const cwd = house().folder()
    Fs.writeFileSync(Path.join(cwd, "new.txt"), "new")
    const changes = [
      "put new.txt",
      "append new.txt text.txt",
      "delete text.txt",
      "mkdir new",
      "rmdir deep",
      "rename text.txt t"
    ]
    await Same.unchanged(house().tree.root, async () => {
      const { stdout } = await tnftp([...changes, "chmod 600 text.txt", "get text.txt"], { cwd })
      assert.strictEqual(stdout.match(/^550 /gm)?.length, 7, stdout)
    })
    assert.strictEqual(Fs.readFileSync(Path.join(cwd, "text.txt"), "utf8"), Tree.text)
  })
})
