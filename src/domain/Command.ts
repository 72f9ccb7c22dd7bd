import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import * as Argument from "./Argument.ts"
import type { Row } from "./Row.ts"
import { foreign, notOffered, table } from "./Verbs.ts"

/** Every verb of the command table. @since 0.1.0 @category models */
export type Verb = keyof typeof table

/** What a verb's argument means once read. @since 0.1.0 @category models */
export type ArgumentOf<V extends Verb> = (typeof table)[V] extends Row<infer A> ? A : never

/**
 * A command of the client: the verb as the table spells it, and its argument.
 *
 * @since 0.1.0
 * @category models
 */
export type Command = { readonly [V in Verb]: { readonly _tag: V; readonly argument: ArgumentOf<V> } }[Verb]

/**
 * A line that is not a command: a verb nobody knows (500), one that is known but not offered here (502), or an argument that
 * is not in the verb's syntax (501). `Foreign` is unknown too, but known from another protocol.
 *
 * @since 0.1.0
 * @category models
 */
export type Rejected =
  | { readonly _tag: "Unknown" }
  | { readonly _tag: "Foreign" }
  | { readonly _tag: "NotOffered"; readonly verb: string }
  | { readonly _tag: "BadSyntax"; readonly verb: Verb }

/** The verbs in table order. @since 0.1.0 @category table */
export const verbs = Object.keys(table) as ReadonlyArray<Verb>

/** A verb's row, whatever its argument. @since 0.1.0 @category table */
export const rowOf = (verb: Verb): Row<unknown> => table[verb] as unknown as Row<unknown>

const spellings = new Map<string, Verb>(
  verbs.flatMap((verb) => [verb, ...(rowOf(verb).aliases ?? [])].map((spelling) => [spelling, verb] as const))
)

/** Finds the verb that a word spells, in any case and by any alias. @since 0.1.0 @category table */
export const spelled = (word: string): Verb | undefined => spellings.get(word) ?? spellings.get(word.toUpperCase())

/** All words of so many letters that spell a verb, in capitals. @since 0.1.0 @category table */
export const spellingsOf = (letters: number): ReadonlyArray<string> =>
  [...spellings.keys()].filter((spelling) => spelling.length === letters)

/** `VERB <syntax>` as HELP shows it. @since 0.1.0 @category table */
export const syntax = (verb: Verb): string => {
  const { syntax } = rowOf(verb).argument
  if (syntax === "") return verb
  return syntax.startsWith("[") ? `${verb} [<SP> ${syntax.slice(1)}` : `${verb} <SP> ${syntax}`
}

/**
 * The codes any command may get whatever its row says: 421 when the session ends, 500–503 and 530 before its handler is asked,
 * 550 where a permission or the storage refuses.
 *
 * @since 0.1.0
 * @category table
 */
export const anyTime: ReadonlySet<number> = new Set([421, 500, 501, 502, 503, 530, 550])

const read = (line: string): Either.Either<Command, Rejected> => {
  const space = line.indexOf(" ")
  const word = space < 0 ? line : line.slice(0, space)
  const verb = spelled(word)
  if (verb === undefined) {
    const upper = word.toUpperCase()
    if (foreign.has(upper)) return Either.left({ _tag: "Foreign" })
    return Either.left(notOffered.has(upper) ? { _tag: "NotOffered", verb: upper } : { _tag: "Unknown" })
  }
  const argument = rowOf(verb).argument.parse(space < 0 ? "" : line.slice(space + 1))
  return argument === undefined
    ? Either.left({ _tag: "BadSyntax", verb })
    : Either.right({ _tag: verb, argument } as Command)
}

/** A verb alone is most of what is said between transfers, and the same each time. */
const alone = new Map([...spellings.keys()].map((spelling) => [spelling, read(spelling)] as const))

/**
 * Reads a line (without its end). Total: any text is a command or is rejected with the reason.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (line: string): Either.Either<Command, Rejected> => alone.get(line) ?? read(line)

/**
 * Writes a command as a line without its end: `parse(print(command))` is the command again.
 *
 * @since 0.1.0
 * @category printing
 */
export const print = (command: Command): string => {
  const argument = rowOf(command._tag).argument.print(command.argument)
  return argument === "" ? command._tag : `${command._tag} ${argument}`
}

const schemaOf = (verb: Verb): Schema.Schema<Command, { readonly _tag: Verb; readonly argument: string }> =>
  Schema.Struct({ _tag: Schema.Literal(verb), argument: Argument.codec(rowOf(verb).argument) }) as never

/**
 * The commands as a schema: typed on one side, verb and argument text on the other.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Command: Schema.Schema<Command, { readonly _tag: Verb; readonly argument: string }> = Schema.Union(
  ...verbs.map(schemaOf)
)
