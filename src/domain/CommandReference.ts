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
    [...replies].sort().join(" "),
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
out of sequence or before login, or a permission or the storage refuses it.

A permission is needed at the path that is named, in the part of the tree the account's rules give it for. STOR is let through with
\`overwrite\` too, where it finds a file; COMB needs \`append\` and \`write\` or \`overwrite\` for its target, \`read\` and
\`delete\` for what it puts there. MDTM with a time and SITE UTIME need \`times\`, MFF with a mode and SITE CHMOD \`chmod\`, STAT with a
path \`list\`. A directory moves only where \`rename\` holds for all below it.

| command | syntax | what it does | needs | FEAT | replies | defined in |
|---|---|---|---|---|---|---|
${Command.verbs.map(row).join("\n")}

Known and answered with 502: ${[...notOffered].map((verb) => `\`${verb}\``).join(", ")}. Any other word gets 500.
`
