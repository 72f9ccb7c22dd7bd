import type { Command } from "./Command.ts"
import { rowOf } from "./Command.ts"
import * as Listing from "./Listing.ts"
import type { Permission } from "./Permission.ts"

/**
 * One place a command is about: the name as the client wrote it ("" is the working directory), and what must be allowed there.
 *
 * @since 0.1.0
 * @category models
 */
export interface Need {
  readonly written: string
  /** Permissions that must all hold. */
  readonly all: ReadonlyArray<Permission>
  /** Permissions of which one must hold, if there are any. */
  readonly any: ReadonlyArray<Permission>
  /** The name may be one that is not there yet. */
  readonly makes: boolean
  /** It must hold for everything below the place too. */
  readonly below: boolean
}

const nowhere: ReadonlyArray<Need> = []

const free: ReadonlyArray<Permission> = []

const need = (written: string, all: ReadonlyArray<Permission>, more?: Partial<Need>): Need => ({
  written,
  all,
  any: [],
  makes: false,
  below: false,
  ...more
})

/** The name STOU begins with where the client gives none. */
const unnamed = "upload"

/**
 * The places a command names, in its order, with the permission of its row; here, and here alone, is said what an argument changes
 * about that:
 *
 * - STAT needs `list` for a path and nothing without one.
 * - STOR passes with `write` or `overwrite`; which of them it takes depends on what is there, and storage is told both.
 * - COMB takes `append` and one of those for the target, `read` and `delete` for each source.
 * - MDTM with a time needs `times`; MFF and SITE CHMOD need `chmod` for a mode.
 * - Renaming needs `rename` for all that moves.
 *
 * @since 0.1.0
 * @category getters
 */
export const of = (command: Command): ReadonlyArray<Need> => {
  const { permission } = rowOf(command._tag)
  const row: ReadonlyArray<Permission> = permission === undefined ? free : [permission]
  switch (command._tag) {
    case "STAT":
      return command.argument === "" ? nowhere : [need(command.argument, ["list"])]
    case "CDUP":
      return [need("..", row)]
    case "LIST":
    case "NLST":
      return [need(Listing.parseArgument(command.argument).path, row)]
    case "STOR":
      return [need(command.argument, [], { any: [...row, "overwrite"], makes: true })]
    case "STOU":
      return [need(command.argument === "" ? unnamed : command.argument, row, { makes: true })]
    case "APPE":
    case "MKD":
      return [need(command.argument, row, { makes: true })]
    case "RNFR":
      return [need(command.argument, row, { below: true })]
    case "RNTO":
      return [need(command.argument, row, { below: true, makes: true })]
    case "COMB":
      return [
        need(command.argument.target, row, { any: ["write", "overwrite"], makes: true }),
        ...command.argument.sources.map((source) => need(source, ["read", "delete"]))
      ]
    case "MDTM":
      return [need(command.argument.path, command.argument.modified === undefined ? row : ["times"])]
    case "MFMT":
    case "XCRC":
    case "XMD5":
    case "XSHA1":
    case "XSHA256":
    case "XSHA512":
      return [need(command.argument.path, row)]
    case "MFF":
      return command.argument === "Unsupported"
        ? []
        : [
            need(command.argument.path, [
              ...(command.argument.modified === undefined ? [] : row),
              ...(command.argument.mode === undefined ? [] : (["chmod"] as const))
            ])
          ]
    case "SITE":
      if (command.argument._tag === "Chmod") return [need(command.argument.path, ["chmod"])]
      return command.argument._tag === "Utime" ? [need(command.argument.path, ["times"])] : []
    default:
      return permission === undefined ? nowhere : [need(String(command.argument), row)]
  }
}
