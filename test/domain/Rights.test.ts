import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, FastCheck } from "effect"
import { Permission } from "../../src/domain/Permission.ts"
import * as Rights from "../../src/domain/Rights.ts"
import * as VirtualPath from "../../src/domain/VirtualPath.ts"

/** Few names, so that prefixes and paths meet. */
const path = FastCheck.array(FastCheck.constantFrom("a", "b", "ab", "B", "x.secret", "[a]"), { maxLength: 4 }).map(
  (names) => VirtualPath.VirtualPath.make(`/${names.join("/")}`)
)
const permissions = FastCheck.subarray([...Permission.literals]).map((all): ReadonlySet<Permission> => new Set(all))
const permission = FastCheck.constantFrom(...Permission.literals)
const rights = FastCheck.record({
  permissions,
  prefixes: FastCheck.array(FastCheck.record({ path, permissions }), { maxLength: 5 }),
  denied: FastCheck.subarray(["*.Secret", "B", "a?", "\\[a]"])
})
const anyRights = FastCheck.oneof(rights, Arbitrary.make(Rights.Rights))

const isBelow = (directory: ReadonlyArray<string>, names: ReadonlyArray<string>) =>
  directory.every((name, index) => names[index] === name)

/** Tries every prefix from the path itself up to the root. */
const naive = (self: Rights.Rights, path: VirtualPath.VirtualPath): ReadonlySet<Permission> => {
  for (let at = path; ; at = VirtualPath.parent(at)) {
    const prefix = self.prefixes.find((prefix) => prefix.path === at)
    if (prefix !== undefined) return prefix.permissions
    if (at === "/") return self.permissions
  }
}

const runs = { fastCheck: { numRuns: 1000 } }

describe("Rights", () => {
  it.prop(
    "at: the longest prefix decides alone",
    [anyRights, path],
    ([self, path]) => {
      assert.deepStrictEqual(Rights.at(self, path), naive(self, path))
      for (const name of Permission.literals)
        assert.strictEqual(Rights.allows(self, name, path), naive(self, path).has(name))
    },
    runs
  )

  it.prop(
    "allowsBelow: holds at the path and at every path below",
    [rights, permission, path, FastCheck.array(path, { maxLength: 20 })],
    ([self, permission, top, more]) => {
      const tops = VirtualPath.segments(top)
      const below = [...more, ...self.prefixes.map((prefix) => prefix.path)].filter((path) =>
        isBelow(tops, VirtualPath.segments(path))
      )
      const expected = [top, ...below].every((path) => naive(self, path).has(permission))
      assert.strictEqual(Rights.allowsBelow(self, permission, top), expected)
    },
    runs
  )

  it.prop(
    "denies: any name on the path, in any case",
    [rights, path, FastCheck.boolean()],
    ([self, path, upper]) => {
      const tests: { readonly [pattern: string]: RegExp } = {
        "*.Secret": /^.*\.secret$/i,
        B: /^b$/i,
        "a?": /^a.$/i,
        "\\[a]": /^\[a\]$/i
      }
      const spelled = VirtualPath.VirtualPath.make(upper ? path.toUpperCase() : path)
      const expected = spelled
        .split("/")
        .filter((name) => name !== "")
        .some((name) => self.denied.some((pattern) => tests[pattern]?.test(name) === true))
      assert.strictEqual(Rights.denies(self, spelled), expected)
    },
    runs
  )

  it("is not got around with a leading dot", () => {
    const self: Rights.Rights = { ...Rights.readWrite, denied: ["*.php", "?htaccess"] }
    for (const name of ["x.php", ".x.php", ".php", ".htaccess"]) assert.isTrue(Rights.deniesName(self, name), name)
  })

  it.prop(
    "what is denied stays denied below",
    [anyRights, path, path],
    ([self, path, more]) => {
      const below = VirtualPath.segments(more).reduce(VirtualPath.join, path)
      if (Rights.denies(self, path)) assert.isTrue(Rights.denies(self, below))
    },
    runs
  )
})
