import * as Epoll from "./Epoll.ts"
import { Lookout } from "./Lookout.ts"
import * as OwnDescriptors from "./OwnDescriptors.ts"

/**
 * What is told that its descriptor can be read or written, or has failed. Each change is told once, so it reads or writes until the
 * kernel says EAGAIN, or comes again by `later`. A read that brings less than there was room for has brought everything too, unless the
 * descriptor is `odd`: the peer's end is behind the bytes, or urgent data among them, at which a read stops short.
 *
 * @since 0.1.0
 * @category models
 */
export interface Watched {
  readonly unsafeReady: (readable: boolean, writable: boolean, failed: boolean, odd: boolean) => void
}

/**
 * epoll(7) for descriptors that Node does not know, woken by Node's own event loop: a readiness costs a few loads from a table, and
 * no object of Node's stands between the descriptor and its owner.
 *
 * @since 0.1.0
 * @category models
 */
export interface Poller {
  /** Watches for what can be read, and, where `writes`, for what can be written; also to change that. `false` where the kernel will not. */
  readonly watch: (descriptor: number, watched: Watched, writes: boolean) => boolean
  /** Before the descriptor is given away, or closed while a call may still use it. */
  readonly forget: (descriptor: number) => void
  /** The same where it is closed in this very moment, with which the kernel forgets it by itself. */
  readonly drop: (descriptor: number) => void
  /** Runs once all that is ready now has been told, in the next turn of the event loop at the latest. */
  readonly later: (task: () => void) => void
  /**
   * Runs once nothing else is ready: for what would go on for long. What is always ready holds it up for {@link roundsPerTurn} rounds. The
   * task hears whether it is alone: nobody else has been told anything, or waited as it did, since the last of its kind ran.
   */
  readonly unhurried: (task: (isAlone: boolean) => void) => void
}

const oddities = Epoll.events.peerHungUp | Epoll.events.urgent
const reading = Epoll.events.in | oddities
const failures = Epoll.events.error | Epoll.events.hangUp

const soon = Promise.resolve()

/** How often what is ready is asked for before timers, messages and files have their turn. */
const roundsPerTurn = 16

/**
 * A poller over an epoll of its own, which it closes in the end. Somebody else has to see to it that the event loop calls `turn` when that
 * has something, and says by `wouldWake` whether the event loop would be woken now. `hold` hears whether there is anything to be kept
 * awake for.
 *
 * @since 0.1.0
 * @category constructors
 */
export const unsafeMake = (
  calls: Epoll.Epoll,
  epoll: number,
  hold: (isHeld: boolean) => void,
  wouldWake: () => boolean
): { readonly poller: Poller; readonly turn: () => void; readonly close: () => void } => {
  const members: Array<Watched | undefined> = []
  /** Tells an event apart from one of a descriptor that had the number before. */
  const generations: Array<number> = []
  let size = 0
  let tasks: Array<() => void> = []
  let isOver = false
  let isExpected = false
  /** A round is under way, or follows in this turn: it sees to what is put off. */
  let isRound = false
  let patient: Array<(isAlone: boolean) => void> = []
  let isQuiet = true
  let roundsLeft = 0
  const lookout = new Lookout()
  /** How many were told something since the thread might last have slept. */
  let told = 0
  let isLooking = false

  const tell = (watched: Watched, what: number): void => {
    isQuiet = false
    const isFailed = (what & failures) !== 0
    const isReadable = isFailed || (what & reading) !== 0
    watched.unsafeReady(isReadable, isFailed || (what & Epoll.events.out) !== 0, isFailed, (what & oddities) !== 0)
  }

  const runTasks = (): void => {
    const due = tasks
    tasks = []
    for (const task of due) task()
  }

  const tellAll = (count: number): void => {
    for (let index = 0; index < count; index++) {
      const descriptor = calls.data(index)
      const watched = members[descriptor]
      if (watched === undefined || generations[descriptor] !== calls.generation(index)) continue
      tell(watched, calls.told(index))
    }
  }

  /** Those who are told do their work in microtasks, and what comes meanwhile needs no turn of the event loop. */
  const round = (): void => {
    isRound = true
    // What was put off is done also when there is nothing left to ask.
    const count = isOver ? 0 : calls.take(epoll, Epoll.capacity)
    const isLast = count === 0 || roundsLeft === 0
    // Not `queueMicrotask`, which makes objects of Node's for each.
    if (!isLast) void soon.then(round)
    roundsLeft -= 1
    told += count
    try {
      tellAll(count)
      if (tasks.length > 0) runTasks()
      if (patient.length > 0 && isLast) runPatient()
    } finally {
      if (isLast) settle()
    }
  }

  const runPatient = (): void => {
    const due = patient
    patient = []
    const isAlone = isQuiet && due.length === 1
    isQuiet = true
    for (const task of due) task(isAlone)
  }

  /** Before it looks out there is a way round the event loop, which does all else there is to do. */
  const settle = (): void => {
    isRound = false
    if (lookout.unsafeIsDue(told)) isLooking = true
    told = 0
    if (isLooking || tasks.length > 0 || patient.length > 0) expect()
  }

  const turn = (): void => {
    roundsLeft = roundsPerTurn
    round()
  }

  const expect = (): void => {
    if (isExpected || isRound) return
    isExpected = true
    setImmediate(() => {
      isExpected = false
      const looks = isLooking && !isOver && tasks.length === 0 && patient.length === 0
      isLooking = false
      if (looks) lookout.unsafeLook(wouldWake)
      turn()
    })
  }

  /** An event of it that somebody's copy of the descriptor still brings is of a generation that is over. */
  const drop = (descriptor: number): void => {
    if (members[descriptor] === undefined) return
    members[descriptor] = undefined
    if (--size === 0) hold(false)
  }

  const poller: Poller = {
    watch: (descriptor, watched, writes) => {
      const interest = (reading | Epoll.events.edge | (writes ? Epoll.events.out : 0)) >>> 0
      if (members[descriptor] !== undefined) {
        return calls.modify(epoll, descriptor, interest, descriptor, generations[descriptor] ?? 0) === 0
      }
      const generation = ((generations[descriptor] ?? 0) + 1) >>> 0
      generations[descriptor] = generation
      if (calls.add(epoll, descriptor, interest, descriptor, generation) !== 0) return false
      members[descriptor] = watched
      if (size++ === 0) hold(true)
      return true
    },
    forget: (descriptor) => {
      if (members[descriptor] !== undefined) calls.remove(epoll, descriptor)
      drop(descriptor)
    },
    drop,
    later: (task) => {
      tasks.push(task)
      expect()
    },
    unhurried: (task) => {
      patient.push(task)
      expect()
    }
  }
  return {
    poller,
    turn,
    close: () => {
      isOver = true
      runTasks()
      runPatient()
      OwnDescriptors.unsafeClose(epoll)
    }
  }
}
