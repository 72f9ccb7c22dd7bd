import * as Data from "effect/Data"
import { quote } from "../observe/Printable.ts"

/**
 * Where a value came from.
 *
 * @since 0.1.0
 * @category models
 */
export type Origin = Data.TaggedEnum<{
  Flag: {}
  Environment: {}
  File: { readonly file: string; readonly line: number }
  Default: {}
}>

/** @since 0.1.0 @category constructors */
export const Origin = Data.taggedEnum<Origin>()

/**
 * How an option can be named: by flag, by variable and, except for the config file itself, by key.
 *
 * @since 0.1.0
 * @category models
 */
export interface Names {
  readonly key: string
  readonly flag: string
  readonly variable: string
}

/** `--port`, `WEFT_PORT`, `weft.yaml:3` or `default`, as `weft check` shows it. @since 0.1.0 @category rendering */
export const label = (names: Names, origin: Origin): string =>
  Origin.$match(origin, {
    Flag: () => names.flag,
    Environment: () => names.variable,
    File: ({ file, line }) => `${file}:${line}`,
    Default: () => "default"
  })

/**
 * Option and value as the user wrote them, to begin an error with: `--port 21`, `WEFT_PORT=21`, `weft.yaml:3: port 21`.
 *
 * @since 0.1.0
 * @category rendering
 */
export const subject = (names: Names, origin: Origin, value: string): string =>
  Origin.$match(origin, {
    Flag: () => `${names.flag} ${quote(value)}`,
    Environment: () => `${names.variable}=${quote(value)}`,
    File: ({ file, line }) => `${file}:${line}: ${names.key} ${quote(value)}`,
    Default: () => `${names.flag} ${quote(value)} (the default)`
  })
