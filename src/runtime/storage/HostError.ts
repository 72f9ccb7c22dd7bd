import * as Os from "node:os"
import type { FileFault } from "../../domain/FileFault.ts"
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
  ETXTBSY: "Busy",
  EEXIST: "Exists",
  ENOTEMPTY: "NotEmpty",
  ENOSPC: "NoSpace",
  EDQUOT: "QuotaExceeded",
  EROFS: "ReadOnlyStorage",
  EFBIG: "TooLarge",
  ENOSYS: "Unsupported",
  ENOTSUP: "Unsupported",
  EOPNOTSUPP: "Unsupported",
  EIO: "Io"
}

const numbers: Readonly<Record<string, number>> = Os.constants.errno

const faults = new Map(Object.entries(reasons).map(([code, reason]) => [numbers[code], reason]))

/**
 * The reason alone, for an error number that no error was made of: that takes longer than most calls.
 *
 * @since 0.1.0
 * @category errors
 */
export const toFault = (errno: number): FileFault => faults.get(errno) ?? "Io"

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

/**
 * The same for a call with two names, where `EXDEV` means that they lie on different disks, which a name that leads out was
 * refused for before.
 *
 * @since 0.1.0
 * @category errors
 */
export const toMoveError =
  (path: string) =>
  (cause: SystemError): StorageError =>
    cause.code === "EXDEV" && cause.syscall !== "open" && cause.syscall !== "openat2"
      ? new StorageError({ reason: "OtherFileSystem", path, cause })
      : toStorageError(path)(cause)
