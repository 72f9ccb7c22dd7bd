import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import * as ConfigFile from "../../src/runtime/config/ConfigFile.ts"
import { Origin } from "../../src/runtime/config/Origin.ts"

const folder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-config-"))),
  (path) => Effect.sync(() => Fs.rmSync(path, { recursive: true }))
)

const refusal = (path: string, cwd: string, origin: Origin = Origin.Flag()) =>
  Effect.map(Effect.flip(ConfigFile.load(path, { cwd, origin })), ({ message }) => message)

describe("ConfigFile.load", () => {
  it.scoped("reads a file beside the working folder and says where it lies", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      Fs.mkdirSync(Path.join(cwd, "sub"))
      Fs.writeFileSync(Path.join(cwd, "sub", "weft.YML"), "\uFEFFport: 21\n")
      const file = yield* ConfigFile.load("sub/weft.YML", { cwd, origin: Origin.Flag() })
      assert.deepStrictEqual(file, {
        file: "sub/weft.YML",
        folder: Path.join(cwd, "sub"),
        entries: [{ key: "port", value: 21, line: 1 }]
      })
    })
  )

  it.scoped("names the option and the file where it cannot be read", () =>
    Effect.gen(function* () {
      const cwd = yield* folder
      const write = (name: string, contents: string | Uint8Array) => Fs.writeFileSync(Path.join(cwd, name), contents)
      Fs.mkdirSync(Path.join(cwd, "folder.yaml"))
      Fs.symlinkSync("loop.yaml", Path.join(cwd, "loop.yaml"))
      write("latin.yaml", Uint8Array.of(0x61, 0x3a, 0x20, 0xe9))
      write("large.yaml", " ".repeat(1024 * 1024 + 1))
      write("two words.yaml", "port: [")
      const named = "expected a name that ends in .yaml, .yml, .toml or .json"
      assert.strictEqual(yield* refusal("missing.yaml", cwd), "--config missing.yaml: no such file")
      assert.strictEqual(yield* refusal("x.ini", cwd, Origin.Environment()), `WEFT_CONFIG=x.ini: ${named}`)
      assert.strictEqual(yield* refusal("", cwd), '--config "": expected the path of a config file')
      assert.strictEqual(yield* refusal("folder.yaml", cwd), "--config folder.yaml: a folder, expected a file")
      assert.strictEqual(yield* refusal("loop.yaml", cwd), "--config loop.yaml: too many symbolic links")
      assert.strictEqual(yield* refusal("latin.yaml", cwd), "--config latin.yaml: expected UTF-8 text")
      assert.match(yield* refusal("large.yaml", cwd), /larger than 1 MiB/)
      assert.match(yield* refusal("missing.yaml/x.yaml", cwd), /no such file$/)
      assert.match(yield* refusal("two words.yaml", cwd), /^"two words\.yaml":1: not valid YAML: /)
    })
  )
})
