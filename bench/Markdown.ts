import type * as Summary from "./Summary.ts"

/**
 * A figure with about three digits.
 *
 * @since 0.1.0
 * @category rendering
 */
export const figure = (value: number | undefined): string =>
  value === undefined || !Number.isFinite(value)
    ? "–"
    : Math.abs(value) >= 100
      ? value.toFixed(0)
      : Math.abs(value) >= 10
        ? value.toFixed(1)
        : Math.abs(value) >= 0.1
          ? value.toFixed(2)
          : String(Number(value.toPrecision(2)))

/**
 * A table whose first column is text and whose others are figures.
 *
 * @since 0.1.0
 * @category rendering
 */
export const table = (head: ReadonlyArray<string>, rows: ReadonlyArray<ReadonlyArray<string>>): ReadonlyArray<string> =>
  [head, head.map((_, index) => (index === 0 ? "---" : "---:")), ...rows].map((cells) => `| ${cells.join(" | ")} |`)

/**
 * Marks for figures that are to be read with care.
 *
 * @since 0.1.0
 * @category rendering
 */
export const marks = (summary: Summary.Summary): string =>
  `${summary.wrong > 0 ? " ✗" : ""}${summary.errors > 0 ? " !" : ""}${(summary.loadShare ?? 0) > 0.9 ? " ~" : ""}`
