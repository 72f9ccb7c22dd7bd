const day = 86_400_000

/** The years a timestamp can name: 0000 to 9999. */
const earliest = -62_167_219_200_000
const latest = 253_402_300_799_999

/** Beyond this age `ls -l` shows the year instead of the time. */
const recent = 180 * day

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const digits = (value: number, width: number): string => String(value).padStart(width, "0")

const twoDigits: ReadonlyArray<string> = Array.from({ length: 100 }, (_, value) => digits(value, 2))

const two = (value: number): string => twoDigits[value] ?? ""

const clamp = (ms: number): number =>
  Number.isNaN(ms) ? 0 : ms < earliest ? earliest : ms > latest ? latest : Math.floor(ms)

interface Civil {
  readonly year: number
  /** 1 to 12. */
  readonly month: number
  readonly day: number
}

/** The Gregorian date, counted in years that begin in March; a `Date` per listed file would cost ten times as much. */
const civil = (ms: number): Civil => {
  const days = Math.floor(ms / day) + 719_468
  const era = Math.floor(days / 146_097)
  const ofEra = days - era * 146_097
  const leaps = Math.floor(ofEra / 1460) - Math.floor(ofEra / 36_524) + Math.floor(ofEra / 146_096)
  const yearOfEra = Math.floor((ofEra - leaps) / 365)
  const ofYear = ofEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shifted = Math.floor((5 * ofYear + 2) / 153)
  const month = shifted < 10 ? shifted + 3 : shifted - 9
  return {
    year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
    month,
    day: ofYear - Math.floor((153 * shifted + 2) / 5) + 1
  }
}

/** Many files of a directory are of one day. */
let lastDay = Number.NaN
let lastDate = ""

const dateOf = (time: number): string => {
  const ofEpoch = Math.floor(time / day)
  if (ofEpoch !== lastDay) {
    const date = civil(time)
    lastDate = digits(date.year, 4) + two(date.month) + two(date.day)
    lastDay = ofEpoch
  }
  return lastDate
}

/**
 * Writes milliseconds since the epoch as YYYYMMDDHHMMSS in UTC (RFC 3659 section 2.3), with `.sss` behind it where
 * `milliseconds` asks for it. Years outside 0000 to 9999 become the nearest that can be written.
 *
 * @since 0.1.0
 * @category printing
 */
export const print = (ms: number, options?: { readonly milliseconds?: boolean }): string => {
  const time = clamp(ms)
  const ofDay = time - Math.floor(time / day) * day
  const seconds = Math.floor(ofDay / 1000)
  const clock = two(Math.floor(seconds / 3600)) + two(Math.floor(seconds / 60) % 60) + two(seconds % 60)
  const whole = dateOf(time) + clock
  return options?.milliseconds === true ? `${whole}.${digits(ofDay % 1000, 3)}` : whole
}

const pattern = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d+))?$/

/**
 * Reads YYYYMMDDHHMMSS with an optional fraction (RFC 3659 section 2.3) as milliseconds since the epoch; digits beyond the
 * millisecond are dropped. A date or time that does not exist is `undefined`; second 60 is taken at 23:59 only, as the
 * second after.
 *
 * @since 0.1.0
 * @category parsing
 */
export const parse = (text: string): number | undefined => {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [year = 0, month = 0, date = 0, hours = 0, minutes = 0, seconds = 0] = match.slice(1, 7).map(Number)
  const isLeap = seconds === 60 && hours === 23 && minutes === 59
  if (hours > 23 || minutes > 59 || (seconds > 59 && !isLeap)) return undefined
  const midnight = new Date(0).setUTCFullYear(year, month - 1, date)
  const real = civil(midnight)
  if (real.year !== year || real.month !== month) return undefined
  const fraction = Number((match[7] ?? "").slice(0, 3).padEnd(3, "0"))
  return midnight + ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
}

/**
 * Makes what writes the date column of `ls -l`, twelve characters in UTC: "Nov 22 16:41" where it lies within the 180 days before
 * `now` or the day after (clients put the year to it themselves), else "Nov 22  2025". What was written last is kept for times that
 * look the same.
 *
 * @since 0.1.0
 * @category printing
 */
export const long = (now: number): ((ms: number) => string) => {
  const oldest = now - recent
  const newest = now + day
  let text = ""
  let from = Number.POSITIVE_INFINITY
  let until = Number.NEGATIVE_INFINITY

  return (ms) => {
    if (ms >= from && ms < until) return text
    const time = clamp(ms)
    const date = civil(time)
    const head = `${months[date.month - 1]} ${date.day < 10 ? ` ${date.day}` : date.day} `
    const isRecent = time >= oldest && time <= newest
    const minutes = Math.floor((time - Math.floor(time / day) * day) / 60_000)
    text = head + (isRecent ? `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}` : ` ${digits(date.year, 4)}`)
    const span = isRecent ? 60_000 : day
    from = Math.floor(time / span) * span
    until = from + span
    // Where the one form gives way to the other, the rest of the span looks different.
    const turns = (oldest >= from && oldest <= until) || (newest >= from && newest <= until)
    if (turns) until = from
    return text
  }
}
