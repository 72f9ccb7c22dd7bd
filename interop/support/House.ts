import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, assert, beforeAll, describe } from "@effect/vitest"
import * as Server from "./Server.ts"
import * as Tree from "./Tree.ts"

/** Where the tests of one client find the server, what it serves, and room of their own. */
export interface House {
  readonly server: Server.Server
  readonly port: number
  readonly tree: Tree.Tree
  /** A new empty folder. */
  readonly folder: () => string
}

/**
 * Starts a server before the tests of the surrounding `describe` and stops it after them; it is there once tests run. Its log may
 * hold no complaint but `expected`.
 */
export const withHouse = (flags: ReadonlyArray<string>, expected?: RegExp): (() => House) => {
  let house: House | undefined
  const base = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-interop-"))

  beforeAll(async () => {
    const tree = Tree.make(base)
    const server = await Server.start(tree.root, flags)
    house = { server, port: server.port, tree, folder: () => Fs.mkdtempSync(Path.join(base, "client-")) }
  })

  afterAll(async () => {
    try {
      if (house !== undefined) await Server.stop(house.server, expected)
    } finally {
      Fs.rmSync(base, { recursive: true, force: true })
    }
  })

  return () => {
    if (house === undefined) throw new Error("the server has not started")
    return house
  }
}

const kinds = [
  { name: "with its shards", flags: [], carriers: /\(\d+ shards?, / },
  { name: "on one thread", flags: ["--shards", "0"], carriers: /\(main thread, / }
] as const

/** The same tests against the server in worker threads and on its main thread alone. */
export const inEachHouse = (
  title: string,
  body: (house: () => House) => void,
  more: ReadonlyArray<string> = []
): void => {
  describe.each(kinds)(`${title}: the server $name`, ({ carriers, flags }) => {
    const house = withHouse([...flags, ...more])
    beforeAll(() => assert.match(house().server.readyLine, carriers))
    body(house)
  })
}
