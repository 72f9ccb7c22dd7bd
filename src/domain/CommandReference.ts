import * as Command from "./Command.ts"
import { notOffered } from "./Verbs.ts"

const cell = (text: string): string => text.replace(/\|/g, "\\|")

const needs = (verb: Command.Verb): string => {
  const { beforeLogin, permission } = Command.rowOf(verb)
  if (permission !== undefined) return `\`${permission}\``
  return beforeLogin === true ? "" : "login"
}

const row = (verb: Command.Verb): string => {
  const { aliases = [], duringTransfer, features = [], help, replies, rfc } = Command.rowOf(verb)
  const cells = [
    [verb, ...aliases].map((spelling) => `\`${spelling}\``).join(", "),
    `\`${Command.syntax(verb)}\``,
    `${help}${duringTransfer === true ? "; answered during a transfer" : ""}`,
    needs(verb),
    features.map((feature) => `\`${feature}\``).join(", "),
    replies.length === 0 ? "" : replies.join(" "),
    rfc
  ]
  return `| ${cells.map(cell).join(" | ")} |`
}

/**
 * The whole of docs/commands.md, made from the command table.
 *
 * @since 0.1.0
 * @category rendering
 */
export const markdown = (): string => `# Commands

Verbs are read in any case. \`Needs\` names the permission a command takes, or that somebody must be logged in; where it is empty
the command is answered before login too. Beside the replies listed any command may get
${[...Command.anyTime].join(", ")}: the session ends, the line is no command, is not in the syntax or not offered, comes
out of sequence or before login, or a permission or the storage refuses it. Commands without replies of their own are known to the
permission gate only: they change files, and every account is read only so far.

| command | syntax | what it does | needs | FEAT | replies | defined in |
|---|---|---|---|---|---|---|
${Command.verbs.map(row).join("\n")}

Known and answered with 502: ${[...notOffered].map((verb) => `\`${verb}\``).join(", ")}. Any other word gets 500.
`
