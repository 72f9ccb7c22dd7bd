import * as Option from "effect/Option"
import * as FairQueue from "./FairQueue.ts"

/**
 * Who waits for something and from where: `suspect` are those who had better not be served first.
 *
 * @since 0.1.0
 * @category models
 */
export interface Ticket {
  readonly key: string
  readonly suspect: boolean
}

/**
 * Two fair queues, one for suspects. They are served behind the others, but for every fourth turn, so that many others cannot keep
 * them out for good.
 *
 * @since 0.1.0
 * @category models
 */
export interface TwoLines<A> {
  readonly others: FairQueue.FairQueue<A>
  readonly suspects: FairQueue.FairQueue<A>
  /** Turns since a suspect had one, while suspects waited. */
  readonly passed: number
}

const mostPassed = 3

/** Nobody waits. Both lines have these bounds. @since 0.1.0 @category constructors */
export const make = <A>(options: { readonly capacity: number; readonly share: number }): TwoLines<A> => ({
  others: FairQueue.make(options),
  suspects: FairQueue.make(options),
  passed: 0
})

const lineOf = ({ suspect }: Ticket) => (suspect ? "suspects" : "others")

/** Values in all. @since 0.1.0 @category getters */
export const size = <A>({ others, suspects }: TwoLines<A>): number => others.size + suspects.size

/** Whether the line of the ticket has no place for anybody. @since 0.1.0 @category predicates */
export const isFull = <A>(self: TwoLines<A>, ticket: Ticket): boolean => {
  const { capacity, size } = self[lineOf(ticket)]
  return size >= capacity
}

/** As `FairQueue.offer`, in the line of the ticket. @since 0.1.0 @category combinators */
export const offer = <A>(self: TwoLines<A>, ticket: Ticket, value: A): Option.Option<TwoLines<A>> =>
  Option.map(FairQueue.offer(self[lineOf(ticket)], ticket.key, value), (line) => ({ ...self, [lineOf(ticket)]: line }))

/** As `FairQueue.displace`, in the line of the ticket. @since 0.1.0 @category combinators */
export const displace = <A>(self: TwoLines<A>, ticket: Ticket): Option.Option<readonly [value: A, rest: TwoLines<A>]> =>
  Option.map(FairQueue.displace(self[lineOf(ticket)], ticket.key), ([value, line]) => [
    value,
    { ...self, [lineOf(ticket)]: line }
  ])

/** Takes out the value whose turn it is. @since 0.1.0 @category combinators */
export const take = <A>(self: TwoLines<A>): Option.Option<readonly [value: A, rest: TwoLines<A>]> => {
  const isSuspectsTurn = self.suspects.size > 0 && (self.others.size === 0 || self.passed >= mostPassed)
  const which = isSuspectsTurn ? "suspects" : "others"
  const passed = isSuspectsTurn || self.suspects.size === 0 ? 0 : self.passed + 1
  return Option.map(FairQueue.take(self[which]), ([value, line]) => [value, { ...self, [which]: line, passed }])
}

/** As `FairQueue.remove`, in the line of the ticket. @since 0.1.0 @category combinators */
export const remove = <A>(self: TwoLines<A>, ticket: Ticket, value: A): TwoLines<A> => ({
  ...self,
  [lineOf(ticket)]: FairQueue.remove(self[lineOf(ticket)], ticket.key, value)
})
