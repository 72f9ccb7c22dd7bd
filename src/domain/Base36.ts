const radix = 36
const pair = radix * radix

const pairs: ReadonlyArray<string> = Array.from({ length: pair }, (_, value) => value.toString(radix).padStart(2, "0"))

/**
 * Writes a whole number from 0 to `Number.MAX_SAFE_INTEGER` as `toString(36)` does, at a third of its price: every line of a
 * listing may hold one.
 *
 * @since 0.1.0
 * @category printing
 */
export const print = (value: number): string => {
  let text = ""
  let rest = value
  for (; rest >= pair; rest = Math.floor(rest / pair)) text = pairs[rest % pair] + text
  const front = pairs[rest] ?? ""
  return (rest < radix ? front.slice(1) : front) + text
}
