const letters = (text: string): string => text.toLowerCase().replace(/[-_\s]/g, "")

const distance = (a: string, b: string): number => {
  let before: Array<number> = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const next = [row]
    for (let column = 1; column <= b.length; column++) {
      const same = a[row - 1] === b[column - 1]
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      next[column] = Math.min(
        (next[column - 1] ?? 0) + 1,
        (last[column] ?? 0) + 1,
        (last[column - 1] ?? 0) + (same ? 0 : 1),
        swapped ? (before[column - 2] ?? 0) + 1 : Number.POSITIVE_INFINITY
      )
    }
    before = last
    last = next
  }
  return last[b.length] ?? 0
}

/**
 * The name a misspelt one was most likely meant to be, where one is near enough: case, `-` and `_` do not count, two wrong,
 * missing or swapped letters are forgiven, one in names of up to four.
 *
 * @since 0.1.0
 * @category rendering
 */
export const nearest = (name: string, known: ReadonlyArray<string>): string | undefined => {
  const wanted = letters(name).slice(0, 64)
  let best: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of known) {
    const apart = distance(wanted, letters(candidate))
    if (apart < least && apart <= (letters(candidate).length > 4 ? 2 : 1)) {
      best = candidate
      least = apart
    }
  }
  return best
}

/** `": did you mean …?"`, or `otherwise` where no name is near. @since 0.1.0 @category rendering */
export const didYouMean = (name: string, known: ReadonlyArray<string>, otherwise = ""): string => {
  const meant = nearest(name, known)
  return meant === undefined ? otherwise : `: did you mean ${meant}?`
}
