import * as Either from "effect/Either"
import type { Limits } from "../Account.ts"
import type { FileFault } from "../FileFault.ts"
import * as Reply from "../Reply.ts"
import type { VirtualPath } from "../VirtualPath.ts"
import * as Decision from "./Decision.ts"
import type { Space } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import * as Refusal from "./Refusal.ts"
import type { MeasureReport, State } from "./State.ts"

/**
 * Has it measured what room there is at a path.
 *
 * @since 0.1.0
 * @category constructors
 */
export const measure = (state: State, path: VirtualPath, report: MeasureReport): Decision.Decision =>
  Decision.act({ ...state, work: { _tag: "Measuring", report } }, { _tag: "Measure", path })

/**
 * What room there is: ALLO (RFC 959 section 4.1.3), AVBL. SITE QUOTA is the third that asks.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"ALLO" | "AVBL"> = {
  ALLO: (state, bytes, path) => measure(state, path, { _tag: "ALLO", bytes }),
  AVBL: (state, _, path) => measure(state, path, { _tag: "AVBL" })
}

/**
 * The room there is, as the command that asked reports it.
 *
 * @since 0.1.0
 * @category events
 */
export const measured = (
  state: State,
  report: MeasureReport,
  result: Either.Either<Space, FileFault>
): Decision.Decision =>
  Decision.say(
    { ...state, work: undefined },
    Either.match(result, {
      onLeft: Reply.ofFault,
      onRight: (space) => reply(state, report, space)
    })
  )

/** Bytes that the quota leaves; `undefined` where there is none. */
const left = ({ used }: Space, { quotaBytes }: Limits): number | undefined =>
  quotaBytes === undefined ? undefined : Math.max(0, quotaBytes - (used?.bytes ?? 0))

const reply = (state: State, report: MeasureReport, space: Space): Reply.Reply => {
  const limits = Refusal.limitsOf(state)
  const quota = left(space, limits)
  switch (report._tag) {
    case "AVBL": {
      const room = Math.min(space.available ?? Number.POSITIVE_INFINITY, quota ?? Number.POSITIVE_INFINITY)
      return Number.isFinite(room)
        ? Reply.fileStatus(String(Math.trunc(room)))
        : Reply.refused("The storage cannot tell its room.")
    }
    case "ALLO":
      if (report.bytes > (limits.uploadSize ?? Number.POSITIVE_INFINITY)) return Refusal.ofFault(state, "TooLarge")
      if (report.bytes > (quota ?? Number.POSITIVE_INFINITY)) return Refusal.ofFault(state, "QuotaBytes")
      return report.bytes > (space.available ?? Number.POSITIVE_INFINITY)
        ? Reply.ofFault("NoSpace")
        : Reply.ok("There is room; nothing need be reserved.")
    case "QUOTA":
      return Reply.make(
        200,
        "Quota",
        used("Bytes", space.used?.bytes, limits.quotaBytes),
        used("Files", space.used?.files, limits.quotaFiles),
        space.available === undefined
          ? "Free on the storage: unknown"
          : `Free on the storage: ${space.available} bytes`,
        "End of quota"
      )
  }
}

const used = (what: string, count: number | undefined, limit: number | undefined): string =>
  `${what}: ${count ?? "unknown"} used, ${limit === undefined ? "no limit" : `of ${limit}`}`
