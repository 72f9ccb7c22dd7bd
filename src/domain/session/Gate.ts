import * as Either from "effect/Either"
import * as Command from "../Command.ts"
import * as HiddenName from "../HiddenName.ts"
import * as Needs from "../Needs.ts"
import type { Permission } from "../Permission.ts"
import * as Reply from "../Reply.ts"
import * as Rights from "../Rights.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Security from "./Security.ts"
import type { State } from "./State.ts"

/**
 * The paths of a command that may be carried out; the working directory where it names none.
 *
 * @since 0.1.0
 * @category models
 */
export type Paths = readonly [VirtualPath.VirtualPath, ...ReadonlyArray<VirtualPath.VirtualPath>]

/**
 * The one way to a handler: login, then for each place the command names what it means, the permission there, and that the account may
 * know of it, and last what must not be in clear. What is behind the gate sees only paths it may use.
 *
 * @since 0.1.0
 * @category guards
 */
export const admit = (state: State, command: Command.Command): Either.Either<Paths, Reply.Reply> => {
  const { account, directory } = state
  const needs = Needs.of(command)
  if (account === undefined && (Command.rowOf(command._tag).beforeLogin !== true || needs.length > 0)) {
    return Either.left(Reply.notLoggedIn)
  }
  if (account === undefined || needs.length === 0) return securely(state, command, [directory])
  const paths: Array<VirtualPath.VirtualPath> = []
  for (const need of needs) {
    const path = resolve(directory, need.written)
    if (Either.isLeft(path)) return Either.left(path.left)
    const refusal = refuse(account.rights, need, path.right)
    if (refusal !== undefined) return Either.left(refusal)
    paths.push(path.right)
  }
  const [first = directory, ...others] = paths
  return securely(state, command, [first, ...others])
}

const securely = (state: State, { _tag }: Command.Command, paths: Paths): Either.Either<Paths, Reply.Reply> => {
  const refusal = Security.refusal(state, _tag)
  return refusal === undefined ? Either.right(paths) : Either.left(refusal)
}

const resolve = (
  directory: VirtualPath.VirtualPath,
  written: string
): Either.Either<VirtualPath.VirtualPath, Reply.Reply> =>
  written === ""
    ? Either.right(directory)
    : Either.mapLeft(VirtualPath.resolve(directory, written), ({ reason }) => Reply.make(553, unresolved[reason]))

const unresolved = {
  Empty: "A name is needed.",
  InvalidCharacter: "The name holds a character that names cannot hold.",
  NameTooLong: "Name too long.",
  PathTooLong: "Path too long."
} as const

const refuse = (rights: Rights.Rights, need: Needs.Need, path: VirtualPath.VirtualPath): Reply.Reply | undefined => {
  const holds = (permission: Permission) =>
    need.below ? Rights.allowsBelow(rights, permission, path) : Rights.allows(rights, permission, path)
  const lacking = need.all.find((permission) => !holds(permission)) ?? (need.any.some(holds) ? undefined : need.any[0])
  if (lacking !== undefined) return Reply.denied(lacking, Rights.at(rights, path))
  if (HiddenName.isOn(path)) return Reply.ofFault(need.makes ? "InvalidName" : "NotFound")
  return Rights.denies(rights, path) ? Reply.ofFault(need.makes ? "PermissionDenied" : "NotFound") : undefined
}
