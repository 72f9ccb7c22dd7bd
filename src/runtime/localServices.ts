import type { FtpConfig } from "./config/FtpConfig.ts"
import * as LocalStorage from "./storage/LocalStorage.ts"

/**
 * What `weft serve` offers in each of its threads: the folder the configuration names. A host's own module for `Weft.layerSharded` is
 * made like this one; it is also given `{ shard }`, the number of the thread from 0, for what only one of them is to do.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = ({ root, umask }: FtpConfig) => LocalStorage.layer({ root, umask })
