import { assert } from "@effect/vitest"
import * as Tree from "./Tree.ts"

/** Two lists are the same; a failure shows where they part, not all of two thousand lines. */
export const lists = (actual: ReadonlyArray<string>, expected: ReadonlyArray<string>): void => {
  const at = expected.findIndex((line, index) => line !== actual[index])
  assert.deepStrictEqual(at < 0 ? [] : [at, actual.slice(at, at + 3)], at < 0 ? [] : [at, expected.slice(at, at + 3)])
  assert.strictEqual(actual.length, expected.length)
}

/** Two folders hold the same files with the same content. */
export const folders = (actual: string, expected: string): void =>
  assert.deepStrictEqual(Tree.differences(Tree.digests(actual), Tree.digests(expected)), [])

/** Nothing in a folder changes while something is tried. */
export const unchanged = async (folder: string, attempt: () => Promise<void>): Promise<void> => {
  const before = Tree.digests(folder)
  await attempt()
  assert.deepStrictEqual(Tree.differences(Tree.digests(folder), before), [])
}
