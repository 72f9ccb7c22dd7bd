type Test = (point: number) => boolean

/** What one place of a name must be: this very character, any that passes, or any number of any. */
type Token = number | Test | "Many"

const any: Test = () => true

const point = (character: string | undefined): number => character?.codePointAt(0) ?? -1

/** Reads the set that begins behind the "[" at `open`; `undefined` where no "]" closes it. */
const parseSet = (
  pattern: ReadonlyArray<string>,
  open: number
): { readonly test: Test; readonly next: number } | undefined => {
  const negated = pattern[open + 1] === "!" || pattern[open + 1] === "^"
  const first = open + (negated ? 2 : 1)
  const ranges: Array<readonly [number, number]> = []
  let at = first
  const read = (): number => {
    if (pattern[at] === "\\" && at + 1 < pattern.length) at++
    return point(pattern[at++])
  }
  while (at < pattern.length && (pattern[at] !== "]" || at === first)) {
    const from = read()
    const isRange = pattern[at] === "-" && at + 1 < pattern.length && pattern[at + 1] !== "]"
    if (isRange) at++
    ranges.push([from, isRange ? read() : from])
  }
  if (at >= pattern.length) return undefined
  const test: Test = (value) => ranges.some(([from, to]) => from <= value && value <= to) !== negated
  return { test, next: at + 1 }
}

const parse = (text: string): ReadonlyArray<Token> => {
  const pattern = Array.from(text)
  const tokens: Array<Token> = []
  let at = 0
  while (at < pattern.length) {
    const character = pattern[at++]
    if (character === "*") {
      if (tokens[tokens.length - 1] !== "Many") tokens.push("Many")
    } else if (character === "?") tokens.push(any)
    else if (character === "\\" && at < pattern.length) tokens.push(point(pattern[at++]))
    else {
      const set = character === "[" ? parseSet(pattern, at - 1) : undefined
      tokens.push(set?.test ?? point(character))
      at = set?.next ?? at
    }
  }
  return tokens
}

const fits = (token: Token | undefined, value: number): boolean =>
  typeof token === "function" ? token(value) : token === value

/** A mismatch only ever goes back to the last "*", so the work is at most tokens times characters. */
const run = (tokens: ReadonlyArray<Token>, name: ReadonlyArray<number>): boolean => {
  let token = 0
  let at = 0
  let many = -1
  let retry = 0
  while (at < name.length) {
    if (tokens[token] === "Many") {
      many = token++
      retry = at
    } else if (fits(tokens[token], name[at] ?? -1)) {
      token++
      at++
    } else if (many >= 0) {
      token = many + 1
      at = ++retry
    } else return false
  }
  while (tokens[token] === "Many") token++
  return token === tokens.length
}

/**
 * Tells whether a text means more than the name it spells: it holds a "*", a "?" or a closed set that no backslash has made
 * ordinary. A file may bear such a name all the same, so look for that first.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isPattern = (text: string): boolean =>
  /[*?[]/.test(text) && parse(text).some((token) => typeof token !== "number")

/**
 * Makes the test for a pattern, to be used on many names: "*" is any number of characters, "?" is one, "[a-z]" one of a set,
 * "[!a]" one outside of it, and a backslash makes what follows ordinary. As in a shell a leading dot is matched by a dot only.
 * The work is at most the pattern's length times the name's. With `dots` a leading dot is a character as any other.
 *
 * @since 0.1.0
 * @category constructors
 */
export const compile = (pattern: string, options?: { readonly dots: true }): ((name: string) => boolean) => {
  const tokens = parse(pattern)
  const takesDot = options?.dots === true || tokens[0] === point(".")
  return (name) => (takesDot || !name.startsWith(".")) && run(tokens, Array.from(name, point))
}

/**
 * Tells whether a name fits a pattern; see {@link compile}.
 *
 * @since 0.1.0
 * @category predicates
 */
export const matches = (pattern: string, name: string): boolean => compile(pattern)(name)
