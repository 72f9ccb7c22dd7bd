import * as Either from "effect/Either"
import type { Entry } from "../Entry.ts"
import * as Facts from "../Facts.ts"
import type { FileFault } from "../FileFault.ts"
import { readOnly } from "../Permission.ts"
import * as Reply from "../Reply.ts"
import * as Rights from "../Rights.ts"
import * as Timestamp from "../Timestamp.ts"
import * as VirtualPath from "../VirtualPath.ts"
import * as Attributes from "./Attributes.ts"
import * as Decision from "./Decision.ts"
import type { Handlers } from "./Handlers.ts"
import type { Question, State } from "./State.ts"

const ask = (state: State, question: Question): Decision.Decision =>
  Decision.act({ ...state, work: { _tag: "Asking", question } }, { _tag: "Ask", question })

const askOf = (command: Question["command"]) => (state: State, _: unknown, path: VirtualPath.VirtualPath) =>
  ask(state, { command, path })

/**
 * What is asked about one file: PWD, CWD, CDUP (RFC 959), SIZE, MDTM, MLST (RFC 3659).
 *
 * @since 0.1.0
 * @category handlers
 */
export const handlers: Handlers<"PWD" | "CWD" | "CDUP" | "SIZE" | "MDTM" | "MLST"> = {
  PWD: (state) =>
    Decision.say(state, Reply.make(257, `${VirtualPath.quote(state.directory)} is the working directory.`)),
  CWD: askOf("CWD"),
  CDUP: askOf("CWD"),
  SIZE: (state, _, path) =>
    state.representation === "A"
      ? Decision.say(state, Reply.refused("SIZE counts bytes: set TYPE I first."))
      : ask(state, { command: "SIZE", path }),
  MDTM: (state, { modified, path: written }, path) =>
    modified === undefined
      ? ask(state, { command: "MDTM", path })
      : Attributes.setModified(state, path, { modified, path: written }),
  MLST: askOf("MLST")
}

/**
 * Storage's answer, as the command that asked reports it.
 *
 * @since 0.1.0
 * @category events
 */
export const answered = (
  state: State,
  question: Question,
  answer: Either.Either<Entry, FileFault>
): Decision.Decision => {
  const next: State = { ...state, work: undefined }
  return Either.match(answer, {
    onLeft: (fault) => Decision.say(next, Reply.ofFault(fault)),
    onRight: (entry) => report[question.command](next, question.path, entry)
  })
}

type Report = (state: State, path: VirtualPath.VirtualPath, entry: Entry) => Decision.Decision

const ofFile =
  (text: (entry: Entry) => string): Report =>
  (state, _, entry) =>
    Decision.say(
      state,
      entry.kind === "file"
        ? Reply.fileStatus(text(entry))
        : Reply.ofFault(entry.kind === "directory" ? "IsADirectory" : "NotAFile")
    )

const report: { readonly [C in Question["command"]]: Report } = {
  CWD: (state, path, entry) =>
    entry.kind === "directory"
      ? Decision.say({ ...state, directory: path }, Reply.fileDone(`Working directory is ${VirtualPath.quote(path)}.`))
      : Decision.say(state, Reply.ofFault("NotADirectory")),
  SIZE: (state, path, entry) =>
    ofFile((entry) => String(entry.size))(entry.kind === "file" ? { ...state, sized: path } : state, path, entry),
  MDTM: ofFile((entry) => Timestamp.print(entry.modified)),
  RNFR: (state, path) => Decision.say({ ...state, renaming: path }, Reply.make(350, "Ready for RNTO.")),
  MLST: (state, path, entry) =>
    Decision.say(
      state,
      Reply.make(
        250,
        "Facts follow",
        Facts.line(state.facts)(entry, {
          name: path,
          permissions: state.account === undefined ? readOnly : Rights.at(state.account.rights, path)
        }),
        "End"
      )
    )
}
