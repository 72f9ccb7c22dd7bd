import type { SystemError } from "../platform/NodeCall.ts"
import { StorageError } from "./Storage.ts"

const reasons: Readonly<Record<string, StorageError["reason"]>> = {
  ENOENT: "NotFound",
  ENOTDIR: "NotADirectory",
  EISDIR: "IsADirectory",
  ENXIO: "NotAFile",
  ENODEV: "NotAFile",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  ELOOP: "OutsideRoot",
  EXDEV: "OutsideRoot",
  ENAMETOOLONG: "NameTooLong",
  EILSEQ: "InvalidName",
  EINVAL: "InvalidName",
  ERR_INVALID_ARG_VALUE: "InvalidName",
  EMFILE: "TooManyOpenFiles",
  ENFILE: "TooManyOpenFiles",
  EAGAIN: "Busy",
  EBUSY: "Busy",
  ETXTBSY: "Busy"
}

/**
 * The one place where an errno becomes the reason a client hears of. `path` is the client's view; the host's own names stay in
 * `cause`, for the log.
 *
 * @since 0.1.0
 * @category errors
 */
export const toStorageError =
  (path: string) =>
  (cause: SystemError): StorageError =>
    new StorageError({ reason: reasons[cause.code ?? ""] ?? "Io", path, cause })
