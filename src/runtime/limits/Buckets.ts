import type { Account } from "../../domain/Account.ts"
import * as TokenBucket from "../../domain/TokenBucket.ts"

/**
 * The token buckets of accounts, shared by all of an account's sessions on all threads.
 *
 * @since 0.1.0
 * @category models
 */
export interface Buckets {
  /** An account's buckets; `undefined` where its rate is not limited. The same ones until it is forgotten. */
  readonly of: (account: Account) => Pair
  readonly forget: (name: string) => void
}

/** @since 0.1.0 @category models */
export interface Pair {
  readonly upload: SharedArrayBuffer | undefined
  readonly download: SharedArrayBuffer | undefined
}

/** @since 0.1.0 @category constructors */
export const make = (): Buckets => {
  const buckets = new Map<string, Pair>()
  const bucket = (rate: number | undefined, known: SharedArrayBuffer | undefined) =>
    rate === undefined || rate === 0 ? known : (known ?? TokenBucket.make())
  return {
    of: ({ limits, name }) => {
      const known = buckets.get(name)
      const pair: Pair = {
        upload: bucket(limits.uploadRate, known?.upload),
        download: bucket(limits.downloadRate, known?.download)
      }
      if (pair.upload !== undefined || pair.download !== undefined) buckets.set(name, pair)
      return {
        upload: limits.uploadRate ? pair.upload : undefined,
        download: limits.downloadRate ? pair.download : undefined
      }
    },
    forget: (name) => {
      buckets.delete(name)
    }
  }
}
