import type * as Codec from "./Codec.ts"
import type { FtpConfig } from "./FtpConfig.ts"

/** The name of a setting, which is also its key in a config file. @since 0.1.0 @category models */
export type Key = keyof typeof FtpConfig.fields

/**
 * What a default may depend on: the processors this process may use, and the settings somebody gave.
 *
 * @since 0.1.0
 * @category models
 */
export interface Facts {
  readonly parallelism: number
  readonly given: { readonly [K in Key]?: FtpConfig[K] }
}

/**
 * One row of the table. Everything that names, reads, prints or explains a setting comes from here: the command line, the
 * environment, config files, `weft check` and the reference in docs/.
 *
 * @since 0.1.0
 * @category models
 */
export interface Setting<K extends Key> {
  readonly key: K
  readonly flag: `--${string}`
  /** One letter for the flag. */
  readonly alias?: string
  readonly variable: `WEFT_${string}`
  /** What stands for the value in usage lines. */
  readonly metavar: string
  readonly codec: Codec.Codec<FtpConfig[K]>
  readonly fallback: (facts: Facts) => FtpConfig[K]
  /** The default in words, where it is not the same everywhere. */
  readonly fallbackText?: string
  readonly description: string
}

/** Any row. @since 0.1.0 @category models */
export type AnySetting = { readonly [K in Key]: Setting<K> }[Key]
