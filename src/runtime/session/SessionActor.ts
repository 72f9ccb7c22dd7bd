import * as Cause from "effect/Cause"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Runtime from "effect/Runtime"
import * as HostPort from "../../domain/HostPort.ts"
import * as LimitText from "../../domain/limits/LimitText.ts"
import * as Reply from "../../domain/Reply.ts"
import type { Event } from "../../domain/session/Event.ts"
import * as Luggage from "../../domain/session/Luggage.ts"
import * as Session from "../../domain/session/Session.ts"
import * as State from "../../domain/session/State.ts"
import { breathe } from "../platform/EventLoop.ts"
import type { TlsContext } from "../platform/TlsContext.ts"
import type { Client } from "../server/Client.ts"
import * as Begun from "../transfer/Begun.ts"
import type { DataLease } from "../transfer/DataConnection.ts"
import * as Progress from "../transfer/Progress.ts"
import type { Actor, Errand } from "./Actor.ts"
import { CommandRate } from "./CommandRate.ts"
import { ControlConnection } from "./ControlConnection.ts"
import type { House } from "./House.ts"
import * as Interpreter from "./Interpreter.ts"
import { Lodging } from "./Lodging.ts"
import * as Packing from "./Packing.ts"
import type { Timed } from "./Timers.ts"

/** Lines that may wait behind the session's current work; the rest stays in the client's buffers. */
const maxDeferred = 16

/** Events stepped through before other sessions have their turn. */
const turn = 128

/** How long a closed session waits for its client to hang up, so that the last reply is not lost to a reset. */
const linger = Duration.toMillis("2 seconds")

const tlsRules = ({ config, tls }: House, { implicitTls = false }: Client): State.TlsRules | undefined =>
  tls.unsafeContext() && {
    required: config.tlsRequired,
    implicit: implicitTls,
    certificateLogin: config.tlsClientLogin,
    ccc: config.tlsCcc
  }

/**
 * One session: private state that one fiber steps through events, a control connection that feeds it, and at most one child fiber
 * for the login or transfer it is waiting for, so that ABOR, STAT, NOOP and QUIT are heard at once.
 *
 * @since 0.1.0
 * @category models
 */
export class SessionActor implements Actor, Timed {
  readonly house: House
  readonly client: Client
  readonly control: ControlConnection
  readonly lodging: Lodging
  state: State.State
  lease: DataLease | undefined = undefined
  begun: Begun.Begun | undefined = undefined
  errand: Errand | undefined = undefined
  progress: Progress.Progress | undefined = undefined
  came = 0
  tlsContext: TlsContext | undefined = undefined

  /** In milliseconds since the epoch. */
  readonly startedAt: number
  /** Another shard goes on with it. */
  hasLeft = false

  /** The last wish to leave that it has heard. */
  #wish: number
  /** Since when nobody has been logged in. */
  #strangerSince: number
  /** When the client was last heard or worked for, as far as `#isTouched` does not say that it has been since the last tick. */
  #touchedAt: number
  /** In place of a look at the clock for each command. */
  #isTouched = false
  /** Since when replies have been waiting for the client to read them, or the session for its client to hang up. */
  #waitsSince: number | undefined = undefined
  #patience = 0
  /** Bounded: each action is answered once, and each timer fires once. */
  readonly #events: Array<Event> = []
  #task: Fiber.RuntimeFiber<void> | undefined = undefined
  /** As the session's own fiber has it. */
  #runtime: Runtime.Runtime<never> = Runtime.defaultRuntime
  #stirred = false
  /** Events since other sessions had their turn; actions that take no time do not begin a new one. */
  #steps = 0
  /** Wakes the session's fiber, while it waits for something to happen. */
  #wake: ((next: Effect.Effect<void>) => void) | undefined = undefined
  /** While the fiber waits, steps are made by whoever brings the event. */
  #isParked = false
  #isOver = false
  readonly #rate: CommandRate
  /** How long no command is heard, in milliseconds; 0 where nothing holds the session back. */
  #pace = 0

  constructor(house: House, client: Client) {
    this.house = house
    this.client = client
    this.lodging = new Lodging(client.id, house)
    this.#rate = new CommandRate(house.config.commandRate)
    const luggage = Packing.unsafeUnpack(client)
    this.#wish = client.moving?.wish ?? 0
    this.#strangerSince = this.#touchedAt = house.timers.unsafeNow()
    this.startedAt = luggage?.startedAt ?? this.#touchedAt
    const tls = tlsRules(house, client)
    const { maxLineLength } = house.config
    this.control = new ControlConnection(client.connection, maxLineLength, () => this.#stir(), tls !== undefined)
    const settings: State.Settings = {
      greeting: house.config.greeting,
      peer: HostPort.normalize(client.connection.remote.address),
      maxUploadSize: house.config.maxUploadSize,
      allowForeignActive: house.config.allowForeignActive,
      allowPrivilegedActive: house.config.allowPrivilegedActive,
      tls
    }
    if (luggage === undefined) {
      this.state = State.initial(settings)
      this.#events.push({ _tag: "Started" })
    } else {
      this.state = Luggage.unpack(luggage, settings)
      this.lodging.welcome = { account: luggage.account, upload: undefined, download: undefined }
    }
  }

  unsafeTell(event: Event): void {
    this.#events.push(event)
    this.#stir()
  }

  /** Something has happened: while the fiber waits for just that, the session goes on here, and it sleeps on until something takes time. */
  #stir(): void {
    this.#stirred = true
    const wake = this.#wake
    if (wake === undefined) return
    this.#wake = undefined
    const next = this.#isParked ? this.#tryProceed() : Effect.void
    if (next === undefined) this.#wake = wake
    else wake(next)
  }

  #tryProceed(): Effect.Effect<void> | undefined {
    try {
      return this.#proceed()
    } catch (defect) {
      return Effect.die(defect)
    }
  }

  /** Completes when something has happened since it last did; while `parked`, with what is to be done about it. */
  #untilStirred(parked: boolean): Effect.Effect<void> {
    return Effect.async((resume) => {
      if (this.#stirred) return resume(Effect.void)
      this.#isParked = parked
      this.#wake = resume
    })
  }

  unsafeTick(now: number): void {
    const { config } = this.house
    if (this.#isTouched) this.#touchedAt = now
    this.#isTouched = false
    if (this.#waitsSince !== undefined) {
      if (now - this.#waitsSince >= this.#patience) this.control.connection.unsafeDestroy()
      return
    }
    const limits = {
      connecting: Duration.toMillis(config.dataTimeout),
      answering: Duration.toMillis(config.stallTimeout)
    }
    if (this.progress !== undefined && Progress.unsafeTick(this.progress, now, limits)) this.unsafeCancel()
    const timer = State.timer(this.state)
    if (timer === "Login" && now - this.#strangerSince >= Duration.toMillis(config.loginTimeout)) {
      this.unsafeTell({ _tag: "TimedOut", timer })
    } else if (timer === "Idle" && now - this.#touchedAt >= Duration.toMillis(config.idleTimeout)) {
      this.unsafeTell({ _tag: "TimedOut", timer })
    }
  }

  unsafeCancel(): void {
    this.errand?.unsafeHandOver()
    this.#task?.unsafeInterruptAsFork(this.#task.id())
  }

  unsafeIsDeserted(): boolean {
    const { deferred, work } = this.state
    if (!this.control.unsafeIsSpent()) return false
    const isQuit = (line: State.Received) => Either.isRight(line) && line.right._tag === "QUIT"
    return !(work?._tag === "Transferring" && work.quitting) && !deferred.some(isQuit)
  }

  /** An upload whose client has hung up before its last byte was here is cut. */
  #cutDeserted(): void {
    if (this.progress?.unsafeIsWhole?.() === false && this.unsafeIsDeserted()) this.unsafeCancel()
  }

  /** What has happened and not been stepped through: the session's own affairs first, then the client's next line. */
  #next(): Event | undefined {
    const event = this.#events.shift()
    if (event !== undefined) return event
    if (this.state.deferred.length >= maxDeferred) {
      this.#hearAbort()
      return undefined
    }
    const now = this.#rate.isLimited ? this.house.timers.unsafeNow() : 0
    this.#pace = this.#rate.unsafeWait(now)
    if (this.#pace > 0) return this.#unsafeFlood()
    const line = this.control.unsafeTake()
    if (line === undefined) return undefined
    this.#rate.unsafePay(now)
    this.#isTouched = true
    this.client.moving?.unsafeCount()
    return { _tag: "LineRead", line }
  }

  /** Behind more lines than may wait an ABOR is not taken yet, but it cuts the transfer. */
  #hearAbort(): void {
    if (this.state.work?._tag !== "Transferring") return
    if (this.control.unsafeHasAbort()) this.unsafeCancel()
    else this.control.unsafeReadAhead()
  }

  /** A client that is held back waits, but one that sends on by far faster than it is heard is sent away. */
  #unsafeFlood(): Event | undefined {
    const { patience } = this.#rate
    if (this.state.work !== undefined) return undefined
    if (this.control.unsafeWaiting(patience + 1) <= patience) {
      this.control.unsafeReadAhead()
      return undefined
    }
    return { _tag: "Flooded", limit: LimitText.commandRate(this.house.config.commandRate) }
  }

  /** The next event; whatever has happened until now is among them, and nobody has to be woken for it. */
  #hear(): Event | undefined {
    this.#stirred = false
    return this.#next()
  }

  /** Steps through what there is, for a turn at most, up to the first action that has to be waited for, which it returns. */
  #advance(): Effect.Effect<void> | undefined {
    this.#pace = 0
    for (let event = this.#hear(); event !== undefined; event = this.#hear()) {
      const { actions, replies, state } = Session.step(this.state, event)
      if (this.state.work !== undefined && state.work === undefined) this.#isTouched = true
      if (this.state.account !== undefined && state.account === undefined) {
        this.#strangerSince = this.house.timers.unsafeNow()
        this.lodging.unsafeLeave()
      }
      this.state = state
      for (const reply of replies) this.control.unsafeSay(Reply.render(reply))
      for (const action of actions) {
        const awaited = Interpreter.unsafePerform(this, action)
        if (awaited !== undefined) return awaited
      }
      if (this.control.unsafeIsBehind() || ++this.#steps >= turn) {
        this.#stirred = true
        return undefined
      }
    }
    return undefined
  }

  unsafeStart<A>(
    effect: Effect.Effect<A>,
    toEvent: (exit: Exit.Exit<A>) => Event,
    release?: Effect.Effect<void>
  ): void {
    let isOver = false
    const end = (exit: Exit.Exit<A>) => {
      isOver = true
      this.#task = undefined
      this.progress = undefined
      this.unsafeTell(toEvent(exit))
    }
    const ended = (exit: Exit.Exit<A>) =>
      Exit.isFailure(exit) && !Cause.isInterruptedOnly(exit.cause)
        ? Effect.zipRight(
            Effect.logError("session task failed", exit.cause),
            Effect.sync(() => end(exit))
          )
        : Effect.sync(() => end(exit))
    const released = release === undefined ? effect : Effect.ensuring(effect, release)
    const task = Runtime.runFork(this.#runtime, Effect.asVoid(Effect.onExit(released, ended)))
    // It may be over by now, and the next one have begun, even where the fiber itself has a step or two left.
    if (!isOver) this.#task = task
  }

  get caughtUp(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (!this.control.unsafeIsBehind()) return Effect.void
      this.#wait(Duration.toMillis(this.house.config.stallTimeout))
      return Effect.map(this.control.caughtUp, () => {
        this.#waitsSince = undefined
      })
    })
  }

  #wait(patience: number): void {
    this.#waitsSince = this.house.timers.unsafeNow()
    this.#patience = patience
  }

  /** Goes on as far as it takes no time; answers what takes some, or nothing where something has to happen first. */
  #proceed(): Effect.Effect<void> | undefined {
    const awaited = this.#advance()
    this.control.unsafeFlush()
    if (!this.lodging.isLeaving) return awaited ?? this.#rest()
    return Effect.zipRight(
      this.lodging.vacated,
      Effect.suspend(() => awaited ?? this.#rest() ?? Effect.void)
    )
  }

  /** What follows when all that has happened was stepped through, or as much as is one session's turn. */
  #rest(): Effect.Effect<void> | undefined {
    if (this.state.closed || this.control.closed) return this.#hangUp()
    if (this.control.unsafeIsBehind()) return this.caughtUp
    this.#steps = 0
    if (this.#stirred) return breathe
    if (this.#pace > 0) return Effect.raceFirst(this.#untilStirred(false), Effect.sleep(Math.ceil(this.#pace)))
    if (this.control.ended && this.state.work === undefined) return this.#hangUp()
    this.#cutDeserted()
    if (this.#stirred) return Effect.void
    return this.#leave() ? Effect.void : undefined
  }

  /** Where it shall, and can, go on in another shard: here its life is over. */
  #leave(): boolean {
    const { id, moving } = this.client
    if (moving === undefined || moving.wish === this.#wish) return false
    const luggage = Packing.unsafePack(this, this.startedAt)
    if (luggage === undefined) return false
    this.#wish = moving.wish
    if (!moving.unsafeTakes()) return false
    const { connection } = this.control
    const { local, remote } = connection
    const descriptor = connection.unsafeYield?.()
    if (descriptor === undefined) return false
    this.#isOver = this.hasLeft = true
    moving.unsafeLeave({ id, descriptor, local, remote, luggage })
    return true
  }

  /** The session's life: from the greeting until one side ends it. What it holds then is given back by `end`. */
  get life(): Effect.Effect<void> {
    return Effect.flatMap(Effect.runtime<never>(), (runtime) => {
      this.#runtime = runtime
      if (this.client.implicitTls !== true) this.control.connection.read(this.control)
      return Effect.whileLoop({
        while: () => !this.#isOver,
        body: () => this.#proceed() ?? this.#untilStirred(true),
        step: () => {}
      })
    })
  }

  /** Gives back whatever the session still holds; `undefined` when that is done at once. To be called once, when its life is over. */
  end(exit: Exit.Exit<void>): Effect.Effect<void> | undefined {
    this.#wake = undefined
    const isCut = Exit.isFailure(exit) && Cause.isInterruptedOnly(exit.cause)
    this.errand?.unsafeHandOver()
    if (!isCut && this.#task === undefined) return this.#giveBack()
    const finish = isCut
      ? Effect.zipRight(
          this.#endTask(),
          Effect.sync(() => this.#farewell())
        )
      : this.#endTask()
    return Effect.ensuring(
      finish,
      Effect.suspend(() => this.#giveBack() ?? Effect.void)
    )
  }

  #giveBack(): Effect.Effect<void> | undefined {
    try {
      this.lease?.release()
      if (this.begun !== undefined) Begun.unsafeDrop(this.begun)
      this.lodging.unsafeLeave()
    } finally {
      // Above the client's own connection there may be TLS by now.
      if (!this.lodging.isLeaving) this.control.connection.unsafeDestroy()
    }
    if (!this.lodging.isLeaving) return undefined
    return Effect.ensuring(
      this.lodging.vacated,
      Effect.sync(() => this.control.connection.unsafeDestroy())
    )
  }

  /** The running task ends with the session, but an upload that has come whole is stored whole. */
  #endTask(): Effect.Effect<void> {
    return Effect.suspend(() => {
      if (this.#task === undefined) return Effect.void
      this.#waitsSince = undefined
      return this.progress?.unsafeIsWhole?.() === true ? Fiber.await(this.#task) : Fiber.interrupt(this.#task)
    })
  }

  /** A session that is cut says what it can: how its transfer ended, and that it is over. */
  #farewell(): void {
    if (this.state.closed || this.control.closed) return
    this.#events.unshift({ _tag: "DrainRequested" })
    for (let event = this.#events.shift(); event !== undefined; event = this.#events.shift()) {
      const { replies, state } = Session.step(this.state, event)
      this.state = state
      for (const reply of replies) this.control.unsafeSay(Reply.render(reply))
    }
    this.control.unsafeFlush()
  }

  /** Sends the FIN behind the last reply and waits, not for long, until the client has taken it. */
  #hangUp(): Effect.Effect<void> {
    this.#isOver = true
    if (this.control.closed) return Effect.void
    this.#wait(linger)
    this.control.unsafeIgnore()
    const ended = Effect.whileLoop({
      while: () => !this.control.ended,
      body: () => {
        this.#stirred = false
        return this.#untilStirred(false)
      },
      step: () => {}
    })
    return Effect.zipRight(Effect.ignore(this.control.connection.end), ended)
  }
}
