const named: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" }

/**
 * Text from outside without anything that would break a line or steer a terminal: control and format characters become escapes.
 *
 * @since 0.1.0
 * @category rendering
 */
export const escape = (text: string): string =>
  text.replace(
    /[\p{C}\u2028\u2029]/gu,
    (character) => named[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`
  )

/**
 * Text from outside made fit for a sentence of one line: as it is where that is clear, in quotes and escaped where it is empty,
 * has spaces or quotes, or would break the line; cut after 200 characters.
 *
 * @since 0.1.0
 * @category rendering
 */
export const quote = (text: string): string => {
  if (/^[^\s\p{C}"'`]{1,200}$/u.test(text)) return text
  const short = text.length > 200 ? `${text.slice(0, 200)}…` : text
  return `"${escape(short.replace(/["\\]/g, "\\$&"))}"`
}
