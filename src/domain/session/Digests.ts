import * as Either from "effect/Either"
import type { Algorithm } from "../Digest.ts"
import type { Part } from "../FileArgument.ts"
import type { FileFault } from "../FileFault.ts"
import * as Reply from "../Reply.ts"
import type { VirtualPath } from "../VirtualPath.ts"
import * as Decision from "./Decision.ts"
import type { Digested } from "./Event.ts"
import type { Handlers } from "./Handlers.ts"
import type { State, Work } from "./State.ts"

type Digesting = Extract<Work, { readonly _tag: "Digesting" }>

const digest = (
  state: State,
  work: Pick<Digesting, "report" | "path" | "written">,
  algorithm: Algorithm,
  range: State["range"]
): Decision.Decision =>
  Decision.act(
    { ...state, work: { _tag: "Digesting", ...work } },
    { _tag: "Digest", path: work.path, algorithm, range }
  )

const older = (algorithm: Algorithm) => (state: State, part: Part, path: VirtualPath) =>
  digest(state, { report: "X", path, written: part.path }, algorithm, part.range ?? state.range)

/**
 * Digests: HASH (draft-bryan-ftpext-hash) and its older kin.
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"HASH" | "XCRC" | "XMD5" | "XSHA1" | "XSHA256" | "XSHA512"> = {
  HASH: (state, written, path) => digest(state, { report: "HASH", path, written }, state.algorithm, state.range),
  XCRC: older("CRC32"),
  XMD5: older("MD5"),
  XSHA1: older("SHA-1"),
  XSHA256: older("SHA-256"),
  XSHA512: older("SHA-512")
}

/**
 * The digest is there, or why there is none.
 *
 * @since 0.1.0
 * @category events
 */
export const digested = (
  state: State,
  { report, written }: Digesting,
  result: Either.Either<Digested, FileFault>
): Decision.Decision =>
  Decision.say(
    { ...state, work: undefined },
    Either.match(result, {
      onLeft: Reply.ofFault,
      onRight: ({ digest, end, start }) =>
        report === "X"
          ? Reply.fileDone(digest.value)
          : Reply.fileStatus(`${digest.algorithm} ${start}-${Math.max(start, end - 1)} ${digest.value} ${written}`)
    })
  )

const offered: ReadonlyArray<Algorithm> = ["SHA-256", "SHA-512", "SHA-1", "MD5", "CRC32"]

/** HASH's line in FEAT, with a "*" behind the algorithm that is chosen. @since 0.1.0 @category printing */
export const feature = (state: State): string =>
  `HASH ${offered.map((name) => (name === state.algorithm ? `${name}*` : name)).join(";")}`

/**
 * OPTS HASH: what HASH computes from now on, or without a name what it computes now.
 *
 * @since 0.1.0
 * @category transitions
 */
export const choose = (state: State, text: string): Decision.Decision => {
  const wanted = text.trim().toUpperCase()
  const algorithm = wanted === "" ? state.algorithm : offered.find((name) => name === wanted)
  return algorithm === undefined
    ? Decision.say(state, Reply.invalidArgument(`Unknown algorithm; still ${state.algorithm}.`))
    : Decision.say({ ...state, algorithm }, Reply.ok(algorithm))
}
