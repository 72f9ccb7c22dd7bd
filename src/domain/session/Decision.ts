import type { Reply } from "../Reply.ts"
import type { Action } from "./Action.ts"
import type { State } from "./State.ts"

/**
 * What follows from an event: the new state, what is said at once, and then what is to be done, in order.
 *
 * @since 0.1.0
 * @category models
 */
export interface Decision {
  readonly state: State
  readonly replies: ReadonlyArray<Reply>
  readonly actions: ReadonlyArray<Action>
}

const nothing: ReadonlyArray<never> = []

/** Says something, and perhaps changes the state. @since 0.1.0 @category constructors */
export const say = (state: State, ...replies: ReadonlyArray<Reply>): Decision => ({ state, replies, actions: nothing })

/** Has something done, saying nothing yet. @since 0.1.0 @category constructors */
export const act = (state: State, ...actions: ReadonlyArray<Action>): Decision => ({ state, replies: nothing, actions })

/** Changes nothing and says nothing. @since 0.1.0 @category constructors */
export const stay = (state: State): Decision => ({ state, replies: nothing, actions: nothing })

/** Says the last thing and ends the session. @since 0.1.0 @category constructors */
export const close = (state: State, ...replies: ReadonlyArray<Reply>): Decision => ({
  state: { ...state, closed: true, work: undefined, data: undefined, deferred: [] },
  replies,
  actions: [{ _tag: "Close" }]
})

/** One decision after another; the second was made from the first one's state. @since 0.1.0 @category combinators */
export const andThen = (first: Decision, second: Decision): Decision => ({
  state: second.state,
  replies: first.replies.length === 0 ? second.replies : [...first.replies, ...second.replies],
  actions: first.actions.length === 0 ? second.actions : [...first.actions, ...second.actions]
})
