import * as Chunk from "effect/Chunk"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"

/**
 * A queue of bounded length in which keys take turns: however many values one key has put in, between two of its own every other
 * key that waits gets one out. Values of one key keep their order.
 *
 * @since 0.1.0
 * @category models
 */
export interface FairQueue<A> {
  /** Values in all. */
  readonly capacity: number
  /** Values of one key. */
  readonly share: number
  readonly size: number
  /** Every key with values once, the next one first. */
  readonly turns: Chunk.Chunk<string>
  readonly lines: HashMap.HashMap<string, Chunk.Chunk<A>>
}

/** An empty queue. @since 0.1.0 @category constructors */
export const make = <A>(options: { readonly capacity: number; readonly share: number }): FairQueue<A> => ({
  capacity: options.capacity,
  share: options.share,
  size: 0,
  turns: Chunk.empty(),
  lines: HashMap.empty()
})

/** Puts a value in; none where the queue is full, or the key's share of it. @since 0.1.0 @category combinators */
export const offer = <A>(self: FairQueue<A>, key: string, value: A): Option.Option<FairQueue<A>> => {
  const line = Option.getOrElse(HashMap.get(self.lines, key), () => Chunk.empty<A>())
  if (self.size >= self.capacity || line.length >= self.share) return Option.none()
  return Option.some({
    ...self,
    size: self.size + 1,
    turns: line.length === 0 ? Chunk.append(self.turns, key) : self.turns,
    lines: HashMap.set(self.lines, key, Chunk.append(line, value))
  })
}

/**
 * Takes the newest value out of the longest line of a full queue, so that a key with a shorter one can put a value in; none where the
 * queue is not full, or no line would still be as long as the key's then.
 *
 * @since 0.1.0
 * @category combinators
 */
export const displace = <A>(self: FairQueue<A>, key: string): Option.Option<readonly [value: A, rest: FairQueue<A>]> =>
  Option.gen(function* () {
    if (self.size < self.capacity) return yield* Option.none()
    const own = Option.match(HashMap.get(self.lines, key), { onNone: () => 0, onSome: Chunk.size })
    const lengthOf = (line: Chunk.Chunk<A>) => line.length
    const [longest, line] = yield* Option.fromNullable(
      [...self.lines].reduce<readonly [string, Chunk.Chunk<A>] | undefined>(
        (most, next) => (most === undefined || lengthOf(next[1]) > lengthOf(most[1]) ? next : most),
        undefined
      )
    )
    if (line.length < own + 2) return yield* Option.none()
    const value = yield* Chunk.last(line)
    return [
      value,
      { ...self, size: self.size - 1, lines: HashMap.set(self.lines, longest, Chunk.dropRight(line, 1)) }
    ] as const
  })

/** Takes out the first value of the key whose turn it is. @since 0.1.0 @category combinators */
export const take = <A>(self: FairQueue<A>): Option.Option<readonly [value: A, rest: FairQueue<A>]> =>
  Option.gen(function* () {
    const key = yield* Chunk.head(self.turns)
    const line = yield* HashMap.get(self.lines, key)
    const value = yield* Chunk.head(line)
    const others = Chunk.drop(self.turns, 1)
    const rest = Chunk.drop(line, 1)
    const left = Chunk.isEmpty(rest)
    return [
      value,
      {
        ...self,
        size: self.size - 1,
        turns: left ? others : Chunk.append(others, key),
        lines: left ? HashMap.remove(self.lines, key) : HashMap.set(self.lines, key, rest)
      }
    ] as const
  })

/** Takes a value of a key out of its place, if it is there. @since 0.1.0 @category combinators */
export const remove = <A>(self: FairQueue<A>, key: string, value: A): FairQueue<A> => {
  const line = Option.getOrElse(HashMap.get(self.lines, key), () => Chunk.empty<A>())
  const at = Chunk.toReadonlyArray(line).indexOf(value)
  if (at < 0) return self
  const rest = Chunk.remove(line, at)
  const left = Chunk.isEmpty(rest)
  return {
    ...self,
    size: self.size - 1,
    turns: left ? Chunk.filter(self.turns, (turn) => turn !== key) : self.turns,
    lines: left ? HashMap.remove(self.lines, key) : HashMap.set(self.lines, key, rest)
  }
}
