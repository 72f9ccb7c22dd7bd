import type { Algorithm } from "../../domain/Digest.ts"
import type { FtpConfig } from "../config/FtpConfig.ts"
import type { StoreOptions } from "../storage/Storage.ts"
import type { Actor } from "./Actor.ts"
import type { House } from "./House.ts"
import * as Quotas from "./Quotas.ts"

/** It is computed for those only who get to see it. */
const digest = ({ config, unsafeWants }: House): Algorithm | "none" => {
  const { uploadDigest } = config
  return unsafeWants(uploadDigest === "auto" ? "UploadDigest" : "UploadCompleted") ? algorithms[uploadDigest] : "none"
}

const algorithms: Readonly<Record<FtpConfig["uploadDigest"], Algorithm | "none">> = {
  auto: "SHA-256",
  none: "none",
  crc32: "CRC32",
  md5: "MD5",
  "sha-1": "SHA-1",
  "sha-256": "SHA-256",
  "sha-512": "SHA-512"
}

/**
 * How the uploads of a session are stored, whatever they are.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (actor: Actor): Pick<StoreOptions, "partial" | "digest" | "sync"> => ({
  partial: Quotas.partials(actor),
  digest: digest(actor.house),
  sync: actor.house.config.syncUploads
})
