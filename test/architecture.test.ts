import * as Fs from "node:fs"
import * as Path from "node:path"
import { assert, describe, it } from "@effect/vitest"

const src = Path.resolve(import.meta.dirname, "../src")

const files = Fs.readdirSync(src, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".ts"))

/** What each file imports: packages as they are written, own files as paths below src. */
const imports = new Map(
  files.map((file) => {
    const text = Fs.readFileSync(Path.join(src, file), "utf8")
    const specifiers = [...text.matchAll(/^(?:import|export)\b[^"]*?from "([^"]+)"|\bimport\("([^"]+)"\)/gm)].map(
      (match) => match[1] ?? match[2] ?? ""
    )
    const targets = specifiers.map((specifier) =>
      specifier.startsWith(".") ? Path.relative(src, Path.resolve(src, Path.dirname(file), specifier)) : specifier
    )
    return [file, targets] as const
  })
)

const floor = (file: string): number => (file.startsWith("domain/") ? 0 : file.startsWith("runtime/") ? 1 : 2)

describe("the house", () => {
  it("has imports to check", () => {
    assert.isAbove(files.length, 40)
    assert.isTrue(imports.get("runtime/session/SessionActor.ts")?.includes("domain/session/Session.ts"))
  })

  it("imports run downwards only: main and index, then runtime, then domain", () => {
    for (const [file, targets] of imports) {
      for (const target of targets) {
        if (imports.has(target)) assert.isAtLeast(floor(file), floor(target), `${file} imports ${target}`)
      }
    }
  })

  it("domain imports only effect and itself", () => {
    for (const [file, targets] of imports) {
      if (floor(file) !== 0) continue
      for (const target of targets) assert.match(target, /^(effect\/|domain\/)/, `${file} imports ${target}`)
    }
  })

  it("has no barrel inside, and none of effect's", () => {
    for (const [file, targets] of imports) {
      assert.notInclude(targets, "effect", file)
      assert.notInclude(targets, "@effect/platform-node", file)
      if (floor(file) < 2) assert.notMatch(file, /(^|\/)index\.ts$/)
    }
  })

  it("has no circle", () => {
    const done = new Set<string>()
    const visit = (file: string, path: ReadonlyArray<string>) => {
      assert.notInclude(path, file, `circle: ${[...path, file].join(" -> ")}`)
      if (done.has(file)) return
      for (const target of imports.get(file) ?? []) if (imports.has(target)) visit(target, [...path, file])
      done.add(file)
    }
    for (const file of imports.keys()) visit(file, [])
  })

  it("only the platform touches sockets and FFI", () => {
    for (const [file, targets] of imports) {
      if (file.startsWith("runtime/platform/")) continue
      for (const target of targets) assert.notInclude(["node:net", "node:tls", "koffi"], target, file)
    }
  })
})
