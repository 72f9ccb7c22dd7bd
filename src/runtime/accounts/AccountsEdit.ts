import * as Either from "effect/Either"
import { type Document, isMap, isSeq, parseDocument, type YAMLMap, type YAMLSeq } from "yaml"

/**
 * One account as it is written: plain values, `name` first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Written {
  readonly [field: string]: unknown
  readonly name: string
  readonly password: string
}

/** Left is what is in the way. */
type Edited = Either.Either<string, "exists" | "missing">

interface Editor {
  readonly has: (name: string) => boolean
  readonly add: (account: Written) => void
  readonly set: (name: string, field: string, value: unknown) => void
  readonly remove: (name: string) => void
  readonly print: () => string
}

const inJson = (text: string): Editor => {
  // Read as `Located` reads it, a comma too many and all.
  const document = parseDocument(text.replace(/^\uFEFF/, ""), { schema: "json" })
  const contents = (document.toJS() ?? {}) as { accounts?: Array<Record<string, unknown>> | null }
  const accounts = contents.accounts ?? []
  const at = (name: string): number => accounts.findIndex((account) => account["name"] === name)
  return {
    has: (name) => at(name) >= 0,
    add: (account) => accounts.push({ ...account }),
    set: (name, field, value) => {
      const account = accounts[at(name)]
      if (account !== undefined) account[field] = value
    },
    remove: (name) => accounts.splice(at(name), 1),
    print: () => `${JSON.stringify({ ...contents, accounts }, null, 2)}\n`
  }
}

const listOf = (document: Document): YAMLSeq => {
  const found = isMap(document.contents) ? document.get("accounts", true) : undefined
  if (isSeq(found)) return found
  const made = document.createNode([])
  if (isMap(document.contents)) document.set("accounts", made)
  else document.contents = document.createNode({ accounts: made })
  return document.get("accounts", true) as YAMLSeq
}

const inYaml = (text: string): Editor => {
  const document: Document = parseDocument(text)
  const list = listOf(document)
  const at = (name: string): number => list.items.findIndex((item) => isMap(item) && item.get("name") === name)
  return {
    has: (name) => at(name) >= 0,
    add: (account) => {
      if (list.items.length === 0) list.flow = false
      list.add(document.createNode(account))
    },
    set: (name, field, value) => (list.items[at(name)] as YAMLMap | undefined)?.set(field, value),
    remove: (name) => list.delete(at(name)),
    print: () => document.toString({ lineWidth: 0 })
  }
}

const editor = (text: string, json: boolean): Editor => (json ? inJson(text) : inYaml(text))

/**
 * Adds an account to the text of a file that is in order; what stands there stays as it is, comments too.
 *
 * @since 0.1.0
 * @category editing
 */
export const add = (text: string, json: boolean, account: Written): Edited => {
  const edited = editor(text, json)
  if (edited.has(account.name)) return Either.left("exists")
  edited.add(account)
  return Either.right(edited.print())
}

/** Gives an account another password hash. @since 0.1.0 @category editing */
export const setPassword = (text: string, json: boolean, name: string, password: string): Edited => {
  const edited = editor(text, json)
  if (!edited.has(name)) return Either.left("missing")
  edited.set(name, "password", password)
  return Either.right(edited.print())
}

/** Takes an account out. @since 0.1.0 @category editing */
export const remove = (text: string, json: boolean, name: string): Edited => {
  const edited = editor(text, json)
  if (!edited.has(name)) return Either.left("missing")
  edited.remove(name)
  return Either.right(edited.print())
}
