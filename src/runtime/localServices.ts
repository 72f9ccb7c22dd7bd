import * as Layer from "effect/Layer"
import * as Accounts from "./accounts/Accounts.ts"
import type { FtpConfig } from "./config/FtpConfig.ts"
import * as LocalStorage from "./storage/LocalStorage.ts"

/**
 * What `weft serve` offers: the folder the configuration names, to anybody, read only. A host's own module for
 * `FtpServer.layerSharded` is made like this one.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (config: FtpConfig) => Layer.merge(LocalStorage.layer({ root: config.root }), Accounts.layerOpen)
