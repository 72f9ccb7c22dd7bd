import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Clock from "effect/Clock"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as AddressBlock from "../../domain/limits/AddressBlock.ts"
import { ConfigError } from "../config/ConfigError.ts"
import type { Resolved } from "../config/Resolved.ts"
import * as BanFile from "../limits/BanFile.ts"
import { escape, quote } from "../observe/Printable.ts"
import * as StateFile from "../state/StateFile.ts"
import * as StateLock from "../state/StateLock.ts"
import { ownName, truth } from "./Account.ts"
import { resolve, subject, unusable } from "./AccountStore.ts"
import { columns } from "./AccountsTable.ts"
import * as Grammars from "./Grammars.ts"
import type { Surroundings } from "./Load.ts"
import * as SettingOptions from "./SettingOptions.ts"

const given = SettingOptions.only("bans")

const parse = (resolved: Resolved, text: string): Either.Either<ReadonlyArray<BanFile.Ban>, ConfigError> =>
  Either.mapLeft(
    BanFile.parse(text),
    (problem) => new ConfigError({ reason: "File", message: `${subject(resolved, "bans")}: ${problem}` })
  )

const load = (resolved: Resolved): Effect.Effect<ReadonlyArray<BanFile.Ban>, ConfigError> =>
  StateFile.read(resolved.config.bans).pipe(
    Effect.catchIf(
      ({ reason }) => reason === "NotFound",
      () => Effect.succeed("")
    ),
    Effect.mapError(unusable(resolved, "bans")),
    Effect.flatMap((text) => parse(resolved, text))
  )

/** Fails where the bans file of the configuration is broken. @since 0.1.0 @category checks */
export const check = (resolved: Resolved): Effect.Effect<void, ConfigError> =>
  resolved.config.bans === "" ? Effect.void : Effect.asVoid(load(resolved))

const list = (surroundings: Surroundings) =>
  Command.make(ownName(Grammars.banList), { given, json: truth("json") }, ({ given, json }) =>
    Effect.gen(function* () {
      const resolved = yield* resolve("bans", given, surroundings)
      const now = yield* Clock.currentTimeMillis
      const bans = (yield* load(resolved)).filter(({ until }) => until.getTime() > now)
      const rows = bans.map(({ address, until }) => ({ address: escape(address), until: until.toISOString() }))
      yield* Console.log(
        json
          ? JSON.stringify(rows, null, 2)
          : columns([["ADDRESS", "UNTIL"], ...rows.map(({ address, until }) => [address, until])])
      )
    })
  ).pipe(Command.withDescription(Grammars.banList.description))

const lift = (surroundings: Surroundings) =>
  Command.make(ownName(Grammars.banLift), { given, address: Args.text({ name: "ADDRESS" }) }, ({ address, given }) =>
    Effect.gen(function* () {
      const resolved = yield* resolve("bans", given, surroundings)
      const block = AddressBlock.of(address)
      yield* StateLock.update(resolved.config.bans, (text = "") =>
        Either.gen(function* () {
          const bans = yield* parse(resolved, text)
          const rest = bans.filter((ban) => AddressBlock.of(ban.address) !== block)
          if (rest.length < bans.length) return BanFile.render(rest)
          const message = `${quote(address)} is not banned`
          return yield* Either.left(new ConfigError({ reason: "Unknown", message }))
        })
      ).pipe(Effect.mapError((error) => (error instanceof ConfigError ? error : unusable(resolved, "bans")(error))))
      yield* Console.log(`weft: ${escape(block)} is let in again`)
    })
  ).pipe(Command.withDescription(Grammars.banLift.description))

/** `weft ban`: shows and lifts the bans that a server keeps in its file. @since 0.1.0 @category commands */
export const make = (surroundings: Surroundings) =>
  Command.make("ban").pipe(
    Command.withDescription("Addresses that guessed too many passwords"),
    Command.withSubcommands([list(surroundings), lift(surroundings)])
  )
