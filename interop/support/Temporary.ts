import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { afterAll, beforeAll } from "@effect/vitest"

/** A folder that is there while the tests of the surrounding `describe` run. */
export const temporary = (): (() => string) => {
  let folder: string | undefined
  beforeAll(() => {
    folder = Fs.mkdtempSync(Path.join(Os.tmpdir(), "weft-interop-"))
  })
  afterAll(() => {
    if (folder !== undefined) Fs.rmSync(folder, { recursive: true, force: true })
  })
  return () => {
    if (folder === undefined) throw new Error("there is no folder yet")
    return folder
  }
}
