import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Command from "../../../src/domain/Command.ts"
import * as Permission from "../../../src/domain/Permission.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { Action, Change, Payload } from "../../../src/domain/session/Action.ts"
import type * as State from "../../../src/domain/session/State.ts"
import * as VirtualPath from "../../../src/domain/VirtualPath.ts"
import { line } from "./Lines.ts"
import * as World from "./World.ts"

/** Few names, so that commands, prefixes and denied globs meet. */
const names = ["a", "b", "x.secret", "X.SECRET", ".weft-upload-1", ".WEFT-x", "upload", "new"] as const
const name = FastCheck.constantFrom(...names)
const written = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.array(name, { minLength: 1, maxLength: 3 }).map((all) => all.join("/")) },
  { weight: 2, arbitrary: FastCheck.array(name, { maxLength: 3 }).map((all) => `/${all.join("/")}`) },
  { weight: 1, arbitrary: FastCheck.constantFrom("..", ".", "../a", "a/../b", "a/../../x.secret", "./.weft-x") }
)
const path = FastCheck.array(FastCheck.constantFrom("a", "b", "upload", "new"), { maxLength: 3 }).map((all) =>
  VirtualPath.VirtualPath.make(`/${all.join("/")}`)
)
const permissions = FastCheck.oneof(
  FastCheck.subarray([...Permission.Permission.literals]).map(
    (all): ReadonlySet<Permission.Permission> => new Set(all)
  ),
  FastCheck.constantFrom(Permission.readOnly, Permission.readWrite)
)
const rights: FastCheck.Arbitrary<Rights.Rights> = FastCheck.record({
  permissions,
  prefixes: FastCheck.array(FastCheck.record({ path, permissions }), { maxLength: 3 }),
  denied: FastCheck.subarray(["*.secret", "B"])
})

const withPath = [
  ..."CWD RETR LIST NLST MLSD MLST STAT SIZE MDTM STOR STOR STOU APPE APPE DELE MKD RMD RNFR RNFR HASH XCRC XMD5 AVBL".split(
    " "
  ),
  ..."XSHA1 XSHA256 XSHA512".split(" "),
  "MDTM 20200101000000",
  "MFMT 20200101000000",
  "MFF Modify=20200101000000;",
  "MFF UNIX.mode=644;",
  "MFF Modify=20200101000000;UNIX.mode=644;",
  "SITE CHMOD 644",
  "SITE UTIME 202001010000",
  "LIST -d",
  "RNTO"
]
const aimed: FastCheck.Arbitrary<ReadonlyArray<string>> = FastCheck.oneof(
  {
    weight: 8,
    arbitrary: FastCheck.tuple(FastCheck.constantFrom(...withPath), written).map(([verb, path]) => [`${verb} ${path}`])
  },
  {
    weight: 4,
    arbitrary: FastCheck.tuple(written, written).map(([from, to]) => [`RNFR ${from}`, `RNTO ${to}`])
  },
  {
    weight: 2,
    arbitrary: FastCheck.array(written, { minLength: 2, maxLength: 4 }).map((all) => [`COMB ${all.join(" ")}`])
  },
  {
    weight: 2,
    arbitrary: FastCheck.constantFrom(
      ["LIST"],
      ["STOU"],
      ["CDUP"],
      ["AVBL"],
      ["ALLO 10"],
      ["SITE QUOTA"],
      ["MLSD"],
      ["STAT"]
    )
  }
)
const script = FastCheck.array(
  FastCheck.tuple(
    FastCheck.oneof(
      { weight: 8, arbitrary: aimed.map((texts) => texts.map((text): State.Received => Command.parse(text))) },
      { weight: 1, arbitrary: line.map((received) => [received]) }
    ),
    FastCheck.oneof(FastCheck.constant(0), FastCheck.nat(20))
  ),
  { maxLength: 25 }
)

/** The oracle: what holds at a path, found by trying every prefix from the path up to the root. */
const at = (self: Rights.Rights, path: VirtualPath.VirtualPath): ReadonlySet<Permission.Permission> => {
  for (let place = path; ; place = VirtualPath.parent(place)) {
    const prefix = self.prefixes.find((prefix) => prefix.path === place)
    if (prefix !== undefined) return prefix.permissions
    if (place === "/") return self.permissions
  }
}

interface Touch {
  readonly path: VirtualPath.VirtualPath
  /** What is done there, as far as permissions go. */
  readonly allowed: boolean
}

/** All an action does, each with whether the rights allow it there. */
const touches = (self: Rights.Rights, action: Action): ReadonlyArray<Touch> => {
  const holds = (path: VirtualPath.VirtualPath, permission: Permission.Permission) => at(self, path).has(permission)
  const moves = (path: VirtualPath.VirtualPath) =>
    [path, ...self.prefixes.map((prefix) => prefix.path)]
      .filter((place) => place === path || place.startsWith(path === "/" ? path : `${path}/`))
      .every((place) => holds(place, "rename"))
  const stores = (
    path: VirtualPath.VirtualPath,
    { create, replace }: { readonly create: boolean; readonly replace: boolean },
    replacing: Permission.Permission
  ) => (create || replace) && (!create || holds(path, "write")) && (!replace || holds(path, replacing))
  const payload = (payload: Payload): ReadonlyArray<Touch> => {
    const { path } = payload
    switch (payload._tag) {
      case "File":
        return [{ path, allowed: holds(path, "read") }]
      case "Listing":
      case "Facts":
        return [{ path, allowed: holds(path, "list") }]
      case "Upload":
        switch (payload.how) {
          case "Append":
            return [{ path, allowed: holds(path, "append") && stores(path, payload, "append") }]
          case "Replace":
            return [{ path, allowed: stores(path, payload, "overwrite") }]
          case "Unique":
            return [{ path, allowed: holds(path, "write") && !payload.replace }]
        }
    }
  }
  const change = (change: Change): ReadonlyArray<Touch> => {
    const { path } = change
    switch (change._tag) {
      case "Delete":
        return [{ path, allowed: holds(path, "delete") }]
      case "MakeDirectory":
        return [{ path, allowed: holds(path, "mkdir") }]
      case "RemoveDirectory":
        return [{ path, allowed: holds(path, "rmdir") }]
      case "Rename":
        return [
          { path, allowed: moves(path) },
          { path: change.to, allowed: moves(change.to) && (!change.replace || holds(change.to, "overwrite")) }
        ]
      case "SetAttributes": {
        const times = change.modified === undefined && change.accessed === undefined ? true : holds(path, "times")
        return [{ path, allowed: times && (change.mode === undefined || holds(path, "chmod")) }]
      }
      case "Combine":
        return [
          { path, allowed: holds(path, "append") && stores(path, change, "overwrite") },
          ...change.sources.map((path) => ({ path, allowed: holds(path, "read") && holds(path, "delete") }))
        ]
    }
  }
  switch (action._tag) {
    case "Transfer":
      return payload(action.payload)
    case "Change":
      return change(action.change)
    case "Digest":
      return [{ path: action.path, allowed: holds(action.path, "read") }]
    case "Ask": {
      const { command, path } = action.question
      return [{ path, allowed: command === "RNFR" ? moves(path) : holds(path, "list") }]
    }
    case "ListStatus":
      return [{ path: action.path, allowed: holds(action.path, "list") }]
    case "Measure":
      return [{ path: action.path, allowed: true }]
    default:
      return []
  }
}

const isHidden = (path: string) => path.split("/").some((name) => /^\.weft-./i.test(name))
const isDenied = (self: Rights.Rights, path: string) =>
  path.split("/").some((name) => self.denied.some((glob) => (glob === "B" ? /^b$/i : /\.secret$/i).test(name)))

const play = (self: Rights.Rights, script: ReadonlyArray<readonly [ReadonlyArray<State.Received>, number]>) => {
  const world = World.make(Account.make("joe", self))
  for (const text of ["USER joe", "PASS x"]) world.exchange(Command.parse(text))
  for (const [lines, choice] of script) {
    // A data connection before each, or nothing would ever be sent or stored.
    if (lines.length === 1) world.exchange(Command.parse("PASV"))
    for (const received of lines) world.exchange(received, choice)
  }
  return world
}

const runs = { fastCheck: { numRuns: 3000 } }

describe("the gate", () => {
  it.prop(
    "whatever is done lies where the rights allow it, and never on a hidden or denied name",
    [rights, script],
    ([self, script]) => {
      for (const { action, before } of play(self, script).done) {
        for (const { allowed, path } of touches(self, action)) {
          assert.isDefined(before.account)
          assert.isTrue(allowed, `${JSON.stringify(action)}`)
          assert.isFalse(isHidden(path), path)
          assert.isFalse(isDenied(self, path), path)
        }
      }
    },
    runs
  )

  it.prop(
    "an account that may only look changes nothing, and is told so",
    [script, FastCheck.subarray([...Permission.readOnly])],
    ([script, some]) => {
      const world = play(Rights.everywhere(new Set(some)), script)
      for (const { action } of world.done) {
        assert.notStrictEqual(action._tag, "Change")
        if (action._tag === "Transfer") assert.notStrictEqual(action.payload._tag, "Upload")
      }
    },
    runs
  )

  it.prop(
    "an account that may do everything is refused hidden names alone",
    [FastCheck.constantFrom(...withPath), written],
    ([verb, written]) => {
      const world = play(Rights.readWrite, [[[Command.parse(`${verb} ${written}`)], 0]])
      const touched = world.done.flatMap(({ action }) => touches(Rights.readWrite, action))
      const hidden = Either.match(VirtualPath.resolve(VirtualPath.root, written), {
        onLeft: () => false,
        onRight: isHidden
      })
      const said = world.said.at(-1)?.reply.code
      if (hidden) {
        assert.deepStrictEqual(touched, [])
        assert.include([550, 553], said)
      } else if (verb !== "RNTO" && verb !== "SIZE" && touched.length === 0) {
        assert.strictEqual(VirtualPath.resolve(VirtualPath.root, written).pipe(Either.getOrNull), "/")
      }
    },
    runs
  )

  const account = (self: Partial<Rights.Rights>) =>
    Account.make("joe", { permissions: Permission.readOnly, prefixes: [], denied: [], ...self })
  const drop = account({
    permissions: new Set(["list", "read", "mkdir"]),
    prefixes: [
      { path: VirtualPath.VirtualPath.make("/in"), permissions: new Set(["write"]) },
      { path: VirtualPath.VirtualPath.make("/ro"), permissions: Permission.readOnly },
      { path: VirtualPath.VirtualPath.make("/rw"), permissions: Permission.readWrite },
      { path: VirtualPath.VirtualPath.make("/rw/keep"), permissions: Permission.readOnly }
    ],
    denied: ["*.key"]
  })

  it.each([
    ["DELE x", "550 Permission denied: you may not delete."],
    ["DELE /ro/x", "550 Permission denied: you have read only access."],
    ["RETR /in/x", "550 Permission denied: you may not read."],
    ["STOR /ro/x", "550 Permission denied: you have read only access."],
    ["STOR /x", "550 Permission denied: you may not write new files."],
    ["STOR /rw/a.KEY", "550 Permission denied."],
    ["MKD /rw/a.key", "550 Permission denied."],
    ["RETR /rw/a.key", "550 No such file or directory."],
    ["DELE /rw/a.key/x", "550 No such file or directory."],
    ["STOR /rw/.weft-partial-x", "553 Name not allowed."],
    ["RETR /rw/.weft-partial-x", "550 No such file or directory."],
    ["RNFR /rw", "550 Permission denied: you may not rename."],
    ["RNFR /rw/a", "350 Ready for RNTO."],
    ["RNTO /rw/a", "503 Give RNFR right before RNTO."],
    ["MKD /rw/a", '257 "/rw/a" created.'],
    ['MKD /rw/a "b"', '257 "/rw/a ""b""" created.'],
    ["SITE CHMOD 644 /rw/a", "200 Mode set."],
    ["MFMT 20200102030405 /rw/a", "213 Modify=20200102030405; /rw/a"],
    ["MDTM 20200102030405 /rw/a", "213 Modify=20200102030405; /rw/a"],
    ["MFF UNIX.mode=600;Modify=20200102030405; /rw/a", "213 Modify=20200102030405;UNIX.mode=0600; /rw/a"],
    ["HASH /rw/a", `213 SHA-256 0-0 ${"0".repeat(64)} /rw/a`],
    ["XCRC /rw/a", "250 00000000"],
    ["AVBL", "213 1000"],
    ["ALLO 1000", "200 There is room; nothing need be reserved."],
    ["ALLO 1001", "452 No space left on the storage."],
    ["LANG en-GB", "200 Replies are in English."],
    ["HOST example.org", "503 HOST comes before USER."]
  ])("%s: %s", (text, expected) => {
    const world = World.make(drop)
    for (const text of ["USER joe", "PASS x"]) world.exchange(Command.parse(text))
    world.exchange(Command.parse(text))
    const reply = world.said.at(-1)?.reply
    assert.strictEqual(`${reply?.code} ${reply?.lines[0]}`, expected)
  })
})
