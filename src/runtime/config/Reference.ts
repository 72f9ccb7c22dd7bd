import * as ConfigFile from "./ConfigFile.ts"
import type { AnySetting } from "./Setting.ts"
import { all, defaultText } from "./Settings.ts"

const cell = (text: string): string => text.replace(/\|/g, "\\|")

const row = (setting: AnySetting): string => {
  const flag = setting.alias === undefined ? `\`${setting.flag}\`` : `\`${setting.flag}\`, \`-${setting.alias}\``
  const text = setting.fallbackText ?? `\`${defaultText(setting.key)}\``
  return `| \`${setting.key}\` | ${flag} | \`${setting.variable}\` | ${cell(text)} | ${cell(setting.description)}. Expects ${cell(setting.codec.expected)}. |`
}

/**
 * The whole of docs/configuration.md, made from the table of settings.
 *
 * @since 0.1.0
 * @category rendering
 */
export const markdown = (): string => `# Configuration

Every setting can be given as a flag, as an environment variable, or as a key in a config file. A flag wins over a variable,
a variable over the file, the file over the default. \`weft check\` takes the same flags as \`weft serve\`, shows the value of every
setting and where it came from, and exits with 0 if the settings hold together and the root can be served.

| key | flag | variable | default | meaning |
|---|---|---|---|---|
${all.map(row).join("\n")}

## Values

- Times are a number with a unit, \`250ms\`, \`90s\`, \`5m\`, \`1h30m\`, \`"30 seconds"\`, or seconds as a bare number.
- True or false may also be written yes or no, on or off, 1 or 0. A flag alone, such as \`--allow-foreign-active\`, means true.
- \`passiveAddress\` is what PASV announces when the server's own address is not the one clients reach it by, behind NAT or in a
  container. \`203.0.113.5\` is announced to everybody; \`10.0.0.0/8=10.0.0.5,203.0.113.5\` announces \`10.0.0.5\` to clients from
  \`10.0.0.0/8\` and \`203.0.113.5\` to all others. The first rule that fits is used. EPSV needs none of this.
- \`shards\` may not be more than \`threads\`: where \`shards\` is left out it is as many as there are processors, but at most
  \`threads\`; where both are given and do not fit, that is an error.
- Each shard listens on its own part of \`passivePorts\`: there must be at least one for each, and one client address can have as
  many data connections pending as its shard has ports.
- \`port\` may not be one of \`passivePorts\`.

## Config file

\`${ConfigFile.option.flag} ${ConfigFile.option.metavar}\` (\`-${ConfigFile.option.alias}\`, \`${ConfigFile.option.variable}\`) names a file that ends in \`.yaml\`, \`.yml\`, \`.toml\` or \`.json\`. A relative \`root\`,
\`accounts\` or \`bans\` in it starts from the folder that the file is in. Numbers and booleans may stand as themselves, and \`passiveAddress\` may be a list. A key that is
unknown or written twice is an error. In YAML the host \`"::"\` needs its quotes.

\`\`\`yaml
root: /srv/ftp
port: 2121
passivePorts: 50000-50255
passiveAddress:
  - 10.0.0.0/8=10.0.0.5
  - 203.0.113.5
idleTimeout: 5 minutes
logFormat: json
\`\`\`

## Errors

Whatever is wrong with the configuration is told in one line on standard error that names the flag, the variable, or the
file and line, the value found and what was expected. The exit code is 2 for a command line that cannot be understood and 1 for
everything else. A \`WEFT_\` variable that is not in the table is not an error, but a warning is written for it.
`
