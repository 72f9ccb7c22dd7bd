const are = (count: number) => (count === 1 ? "1 is allowed" : `${count} are allowed`)

const units = [
  { name: "hour", milliseconds: 3_600_000 },
  { name: "minute", milliseconds: 60_000 }
] as const

/** A time in the largest unit that tells it whole. */
const inWords = (milliseconds: number): string => {
  const unit = units.find((one) => milliseconds >= one.milliseconds && milliseconds % one.milliseconds === 0)
  const count = unit === undefined ? Math.ceil(milliseconds / 1000) : milliseconds / unit.milliseconds
  return `${count} ${unit?.name ?? "second"}${count === 1 ? "" : "s"}`
}

/** What a client is told that is one too many in all. @since 0.1.0 @category texts */
export const clients = (limit: number): string => `Too many clients: ${are(limit)}.`

/** What a client is told for which no place is left. @since 0.1.0 @category texts */
export const places = (places: number): string => `Every place is taken: ${are(places)}; try again later.`

/** What a client is told that waited in line for one, `queueTimeout` milliseconds long. @since 0.1.0 @category texts */
export const placesInTime = (places: number, queueTimeout: number): string =>
  `Every place is taken: ${are(places)}, and none came free in ${inWords(queueTimeout)}; try again later.`

/** What a client is told whose address has too many already. @since 0.1.0 @category texts */
export const clientsOfAddress = (limit: number): string => `Too many clients from your address: ${are(limit)}.`

/** What a login is told that the account has no place for. @since 0.1.0 @category texts */
export const sessions = (limit: number): string => `Too many sessions of this account: ${are(limit)}.`

/** What a login is told that comes too soon after others. @since 0.1.0 @category texts */
export const loginRate = (limit: number): string => `Too many logins from your address: ${limit} a second are allowed.`

/** What a wrong password is told while too many others are being held back. @since 0.1.0 @category texts */
export const delayed = (limit: number): string => `Too many wrong passwords at once: ${are(limit)}; try again later.`

/** What a login is told that would wait in too long a line for its password to be compared. @since 0.1.0 @category texts */
export const passwords = (limit: number): string =>
  `Too many logins wait for their passwords to be checked: ${are(limit)}; try again later.`

/** The same of its own address alone. @since 0.1.0 @category texts */
export const passwordsOfAddress = (limit: number): string =>
  `Too many logins from your address wait for their passwords to be checked: ${are(limit)}; try again later.`

/** What a session is told after its last wrong password. @since 0.1.0 @category texts */
export const failures = (limit: number): string => `Too many wrong passwords in a session: ${are(limit)}.`

/** What a session is told that sends commands by far faster than they are heard. @since 0.1.0 @category texts */
export const commandRate = (limit: number): string => `Too many commands: ${limit} a second are allowed.`

/** What an upload is told that is too large; `limit` is in bytes. @since 0.1.0 @category texts */
export const uploadSize = (limit: number): string => `Larger than an upload may be: ${limit} bytes are allowed.`

/** What an upload is told that the account has no room for; `limit` is in bytes. @since 0.1.0 @category texts */
export const quotaBytes = (limit: number): string => `The quota is used up: ${limit} bytes are allowed.`

/** And what one is told that would be a file too many. @since 0.1.0 @category texts */
export const quotaFiles = (limit: number): string => `The quota is used up: ${limit} files are allowed.`

/** What a banned address is told; `banTime` is in milliseconds. @since 0.1.0 @category texts */
export const banned = (banTime: number): string =>
  `Your address is banned for ${inWords(banTime)} after too many wrong passwords.`
