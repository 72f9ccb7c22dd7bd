import { assert, describe, it } from "@effect/vitest"
import { Arbitrary, Either, FastCheck, Schema } from "effect"
import type { Account } from "../../../src/domain/Account.ts"
import * as Command from "../../../src/domain/Command.ts"
import type { Entry } from "../../../src/domain/Entry.ts"
import type { FileFault } from "../../../src/domain/FileFault.ts"
import { HostPort } from "../../../src/domain/HostPort.ts"
import { Permission, readOnly } from "../../../src/domain/Permission.ts"
import * as Reply from "../../../src/domain/Reply.ts"
import type { Action } from "../../../src/domain/session/Action.ts"
import type { Event, Outcome } from "../../../src/domain/session/Event.ts"
import * as Session from "../../../src/domain/session/Session.ts"
import * as State from "../../../src/domain/session/State.ts"

const entry = (kind: Entry["kind"]): Entry => ({
  name: "x",
  kind,
  size: 5,
  modified: 0,
  mode: 0o644,
  links: 1,
  owner: "o",
  group: "g",
  unique: "1"
})

const settings: State.Settings = {
  greeting: "Hello",
  peer: "127.0.0.1",
  allowForeignActive: false,
  allowPrivilegedActive: false
}

/** How a pretended world answers an action: chosen by a number, so that fast-check can shrink it. */
const answerTo = (action: Action, choice: number, account: Account): ReadonlyArray<Event> => {
  const pick = <A>(...all: ReadonlyArray<A>): A => all[choice % all.length] as A
  switch (action._tag) {
    case "Authenticate":
      return [
        {
          _tag: "LoginDecided",
          verdict: pick(
            { _tag: "Welcome", account },
            { _tag: "Refused" },
            { _tag: "Welcome", account },
            { _tag: "Unavailable" }
          )
        }
      ]
    case "OpenPassive":
      return [
        pick<Event>(
          { _tag: "PassiveOpened", host: new HostPort({ protocol: 1, address: "127.0.0.1", port: 50000 }) },
          { _tag: "PassiveFailed", reason: "none left" },
          { _tag: "PassiveOpened", host: new HostPort({ protocol: 1, address: "127.0.0.1", port: 50001 }) }
        )
      ]
    case "Ask":
      return [
        {
          _tag: "Answered",
          answer: pick<Either.Either<Entry, FileFault>>(
            Either.right(entry("directory")),
            Either.right(entry("file")),
            Either.left("NotFound"),
            Either.left("Io")
          )
        }
      ]
    case "ListStatus":
      return [{ _tag: "StatusListed", ended: pick("Whole", "CutShort", "NotFound") }]
    case "Transfer": {
      const ended = (outcome: Outcome): Event => ({ _tag: "TransferEnded", outcome })
      const opened: Event = { _tag: "TransferOpened", size: 5 }
      return pick(
        [opened, ended({ _tag: "Done" })],
        [ended({ _tag: "Fault", fault: "NotFound" })],
        [opened, ended({ _tag: "NoConnection", reason: "late" })],
        [opened, ended({ _tag: "Cut", reason: "reset" })],
        [ended({ _tag: action.payload._tag === "File" ? "BadRestart" : "Done" })],
        [ended({ _tag: action.payload._tag === "Facts" ? "NotADirectory" : "Done" })],
        [opened, ended({ _tag: "Defect" })]
      )
    }
    case "ReportProgress":
      return [{ _tag: "Progress", lines: ["5 bytes"] }]
    default:
      return []
  }
}

interface Said {
  readonly reply: Reply.Reply
  readonly state: State.State
}

/** A session in a pretended world. Answers to actions wait until the test lets them happen. */
const makeWorld = (account: Account) => {
  let state = State.initial(settings)
  const said: Array<Said> = []
  const done: Array<{ readonly action: Action; readonly before: State.State }> = []
  const pending: Array<{ readonly action: Action; events: Array<Event> }> = []
  const tell = (event: Event, choice = 0) => {
    const before = state
    const decision = Session.step(state, event)
    state = decision.state
    for (const reply of decision.replies) said.push({ reply, state: before })
    for (const action of decision.actions) {
      done.push({ action, before })
      if (action._tag === "CancelTransfer") {
        const transfer = pending.find((entry) => entry.action._tag === "Transfer")
        if (transfer !== undefined) transfer.events = [{ _tag: "TransferEnded", outcome: { _tag: "Cancelled" } }]
      }
      const events = answerTo(action, choice, account)
      if (action._tag === "ReportProgress") for (const event of events) tell(event)
      else if (events.length > 0) pending.push({ action, events: [...events] })
    }
  }
  /** Lets the oldest pending answer's next event happen. */
  const happen = (choice = 0) => {
    const first = pending[0]
    const event = first?.events.shift()
    if (first !== undefined && first.events.length === 0) pending.shift()
    if (event !== undefined) tell(event, choice)
    return event !== undefined
  }
  const quiesce = () => {
    while (happen());
  }
  const exchange = (line: State.Received, choice = 0) => {
    tell({ _tag: "LineRead", line }, choice)
    quiesce()
  }
  tell({ _tag: "Started" })
  return { exchange, tell, happen, quiesce, said, done, state: () => state, pending }
}

const finals = (said: ReadonlyArray<Said>) => said.filter(({ reply }) => !Reply.isPreliminary(reply))

const anyCommand = Arbitrary.make(Schema.typeSchema(Command.Command))
const likely = FastCheck.constantFrom(
  "USER joe",
  "PASS x",
  "PASV",
  "EPSV",
  "EPSV ALL",
  "PORT 127,0,0,1,200,1",
  "EPRT |1|127.0.0.1|5000|",
  "EPRT |2|::1|5000|",
  "PORT 10,0,0,1,200,1",
  "PORT 127,0,0,1,0,20",
  "REST 3",
  "RETR a",
  "RETR a",
  "LIST",
  "NLST b*",
  "MLSD",
  "ABOR",
  "STAT",
  "STAT a",
  "NOOP",
  "CWD a",
  "CDUP",
  "SIZE a",
  "TYPE I",
  "TYPE A",
  "REIN",
  "STOR x",
  "DELE x",
  "BLAH",
  "AUTH TLS",
  "RETR",
  "FEAT",
  "OPTS MLST size;",
  "MLST",
  "HELP",
  "HELP RETR",
  "SITE CHMOD 1 x",
  "RETR a\u0000b"
)
const line: FastCheck.Arbitrary<State.Received> = FastCheck.oneof(
  { weight: 6, arbitrary: likely.map((text): State.Received => Command.parse(text)) },
  {
    weight: 3,
    arbitrary: anyCommand
      .filter((command) => command._tag !== "QUIT")
      .map((command): State.Received => Either.right(command))
  },
  { weight: 1, arbitrary: FastCheck.constant<State.Received>(Either.left({ _tag: "TooLong" })) }
)
const login: ReadonlyArray<State.Received> = ["USER joe", "PASS x"].map((text) => Command.parse(text))
const likelyOf = (verb: Command.Verb): string | undefined =>
  [verb, `${verb} a`, `${verb} 1`].find((text) => Either.isRight(Command.parse(text)))
const permissions = FastCheck.subarray([...Permission.literals]).map(
  (all): Account => ({ name: "joe", permissions: new Set(all) })
)
const runs = { fastCheck: { numRuns: 1500 } }

describe("Session.step", () => {
  it.prop(
    "every line gets exactly one final reply, however answers and lines interleave",
    [
      FastCheck.array(FastCheck.tuple(line, FastCheck.nat(6), FastCheck.nat(3)), { maxLength: 30 }),
      FastCheck.boolean()
    ],
    ([script, loggedIn]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      let lines = 0
      const send = (received: State.Received, choice: number) => {
        if (!world.state().closed) lines++
        world.tell({ _tag: "LineRead", line: received }, choice)
      }
      if (loggedIn)
        for (const received of login) {
          send(received, 0)
          world.quiesce()
        }
      for (const [received, choice, answers] of script) {
        send(received, choice)
        for (let i = 0; i < answers; i++) world.happen(choice)
      }
      world.quiesce()
      if (!world.state().closed) {
        assert.strictEqual(finals(world.said).length, lines + 1)
        assert.deepStrictEqual(world.state().deferred, [])
        assert.isUndefined(world.state().work)
      } else {
        assert.isAtMost(finals(world.said).length, lines + 1)
        assert.include([221, 421], world.said.at(-1)?.reply.code)
      }
    },
    runs
  )

  it.prop(
    "replies come in the order of the commands, whatever waits for what",
    [
      FastCheck.array(
        FastCheck.tuple(
          FastCheck.constantFrom("NOOP", "RETR a", "CWD a", "STAT", "EPSV", "ABOR", "SYST", "STAT a"),
          FastCheck.nat(3)
        ),
        { maxLength: 25 }
      )
    ],
    ([script]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      for (const received of login) world.exchange(received)
      const from = world.said.length
      for (const [text, answers] of script) {
        world.tell({ _tag: "LineRead", line: Command.parse(text) })
        for (let i = 0; i < answers; i++) world.happen()
      }
      world.quiesce()
      const codes = finals(world.said.slice(from)).map(({ reply }) => reply.code)
      /** What each may end in; NOOP and STAT are heard during a transfer, and may overtake that one thing. */
      const fits: Record<string, ReadonlyArray<number>> = {
        NOOP: [200],
        "RETR a": [226, 425, 426],
        "CWD a": [250],
        STAT: [211],
        EPSV: [229],
        ABOR: [226],
        SYST: [215],
        "STAT a": [213]
      }
      assert.strictEqual(codes.length, script.length)
      const waiting = script.map(([text]) => text)
      for (const code of codes) {
        const overtakes = waiting[0] === "RETR a" && (code === 200 || code === 211)
        const index = overtakes ? 1 : 0
        assert.isTrue(fits[waiting[index] ?? ""]?.includes(code) === true, `${code} for ${waiting.join(", ")}`)
        waiting.splice(index, 1)
      }
    },
    runs
  )

  it.prop(
    "nothing touches data or storage before login, nor without the permission the table asks for",
    [FastCheck.array(FastCheck.tuple(line, FastCheck.nat(6)), { maxLength: 30 }), permissions],
    ([script, account]) => {
      const world = makeWorld(account)
      for (const [received, choice] of script) world.exchange(received, choice)
      for (const { action, before } of world.done) {
        switch (action._tag) {
          case "OpenPassive":
            assert.isDefined(before.account)
            break
          case "Transfer":
            assert.isTrue(before.account?.permissions.has(action.payload._tag === "File" ? "read" : "list"))
            break
          case "Ask":
          case "ListStatus":
            assert.isTrue(before.account?.permissions.has("list"))
            break
        }
      }
    },
    runs
  )

  it.prop(
    "once EPSV ALL is given no other command sets up a data connection",
    [FastCheck.array(FastCheck.tuple(line, FastCheck.nat(6)), { maxLength: 30 })],
    ([script]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      for (const received of [...login, Command.parse("EPSV ALL")]) world.exchange(received)
      const from = world.done.length
      for (const [received, choice] of script) {
        world.exchange(received, choice)
        assert.notStrictEqual(world.state().data?._tag, "Active")
      }
      for (const { action } of world.done.slice(from)) {
        if (action._tag === "OpenPassive") assert.strictEqual(action.command, "EPSV")
        if (action._tag === "Transfer") assert.strictEqual(action.data._tag, "Passive")
      }
    },
    runs
  )

  it.prop(
    "a restart marker serves the very next command or none",
    [FastCheck.array(FastCheck.tuple(line, FastCheck.nat(6)), { maxLength: 30 })],
    ([script]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      for (const received of login) world.exchange(received)
      let marker = 0
      for (const [received, choice] of script) {
        const from = world.done.length
        world.exchange(received, choice)
        for (const { action } of world.done.slice(from)) {
          if (action._tag === "Transfer" && action.payload._tag === "File")
            assert.strictEqual(action.payload.offset, marker)
        }
        const isRest = Either.isRight(received) && received.right._tag === "REST" && world.state().account !== undefined
        marker = isRest ? Number(received.right.argument) : 0
        if (!world.state().closed) assert.strictEqual(world.state().restart, marker)
      }
    },
    runs
  )

  it.prop(
    "a command ends only in a code its row names",
    [
      FastCheck.array(
        FastCheck.tuple(
          FastCheck.oneof(
            anyCommand,
            likely
              .map(Command.parse)
              .filter(Either.isRight)
              .map(({ right }) => right)
          ),
          FastCheck.nat(6)
        ),
        { maxLength: 30 }
      ),
      FastCheck.boolean()
    ],
    ([script, loggedIn]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      if (loggedIn) for (const received of login) world.exchange(received)
      for (const [command, choice] of script) {
        const from = world.said.length
        world.exchange(Either.right(command), choice)
        for (const { reply } of world.said.slice(from)) {
          const allowed = Command.anyTime.has(reply.code) || Command.rowOf(command._tag).replies.includes(reply.code)
          assert.isTrue(allowed, `${command._tag}: ${reply.code}`)
        }
      }
    },
    runs
  )

  it.prop(
    "nothing is said or done after 221",
    [
      FastCheck.array(FastCheck.tuple(line, FastCheck.nat(6)), { maxLength: 15 }),
      FastCheck.array(line, { maxLength: 5 })
    ],
    ([before, after]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      for (const [received, choice] of before) world.tell({ _tag: "LineRead", line: received }, choice)
      world.tell({ _tag: "LineRead", line: Command.parse("QUIT") })
      world.quiesce()
      assert.isTrue(world.state().closed)
      const { length } = world.said
      for (const received of after) world.tell({ _tag: "LineRead", line: received })
      world.tell({ _tag: "DrainRequested" })
      world.tell({ _tag: "TimedOut", timer: "Idle" })
      assert.strictEqual(world.said.length, length)
      assert.isTrue(world.said.slice(0, -1).every(({ reply }) => reply.code !== 221 && reply.code !== 421))
    },
    runs
  )

  it.prop(
    "a drain lets a transfer finish, and ends everything else at once with 421",
    [FastCheck.boolean()],
    ([transferring]) => {
      const world = makeWorld({ name: "joe", permissions: readOnly })
      for (const text of ["USER joe", "PASS x", "EPSV"]) world.exchange(Command.parse(text))
      if (transferring) world.tell({ _tag: "LineRead", line: Command.parse("RETR a") })
      world.tell({ _tag: "DrainRequested" })
      assert.strictEqual(world.state().closed, !transferring)
      world.quiesce()
      const codes = world.said.map(({ reply }) => reply.code)
      assert.deepStrictEqual(codes.slice(4), transferring ? [150, 226, 421] : [421])
    }
  )

  it("QUIT during a transfer waits for its result", () => {
    const world = makeWorld({ name: "joe", permissions: readOnly })
    for (const text of ["USER joe", "PASS x", "EPSV"]) world.exchange(Command.parse(text))
    for (const text of ["RETR a", "QUIT", "NOOP"]) world.tell({ _tag: "LineRead", line: Command.parse(text) })
    world.quiesce()
    assert.deepStrictEqual(
      world.said.slice(4).map(({ reply }) => reply.code),
      [150, 226, 221]
    )
  })

  it("writing is refused as read only", () => {
    const world = makeWorld({ name: "joe", permissions: readOnly })
    for (const received of login) world.exchange(received)
    for (const text of [
      "STOR x",
      "APPE x",
      "STOU",
      "DELE x",
      "MKD x",
      "XRMD x",
      "RNFR x",
      "RNTO x",
      "MFMT 20200101000000 x",
      "SITE CHMOD 644 x"
    ]) {
      world.tell({ _tag: "LineRead", line: Command.parse(text) })
      assert.strictEqual(world.said.at(-1)?.reply.code, 550, text)
      assert.include(world.said.at(-1)?.reply.lines[0], "read only")
    }
  })

  it("REIN is no way around EPSV ALL or the patience for failed logins", () => {
    const world = makeWorld({ name: "joe", permissions: readOnly })
    for (const received of [...login, Command.parse("EPSV ALL"), Command.parse("REIN"), ...login])
      world.exchange(received)
    world.exchange(Command.parse("PASV"))
    assert.strictEqual(world.said.at(-1)?.reply.code, 503)
    const bot = makeWorld({ name: "joe", permissions: readOnly })
    for (let tries = 0; tries < 5; tries++) {
      bot.exchange(Command.parse("REIN"))
      bot.exchange(Command.parse("USER joe"))
      bot.tell({ _tag: "LineRead", line: Command.parse("PASS x") })
      bot.tell({ _tag: "LoginDecided", verdict: { _tag: "Refused" } })
    }
    assert.isTrue(bot.state().closed)
    assert.strictEqual(bot.said.at(-1)?.reply.code, 421)
  })

  it("the table says which commands are heard during a transfer, and those are", () => {
    for (const verb of Command.verbs) {
      const command = likelyOf(verb)
      if (command === undefined) continue
      const world = makeWorld({ name: "joe", permissions: readOnly })
      for (const received of [...login, Command.parse("EPSV")]) world.exchange(received)
      world.tell({ _tag: "LineRead", line: Command.parse("RETR a") })
      world.tell({ _tag: "LineRead", line: Command.parse(command) })
      assert.strictEqual(world.state().deferred.length === 0, Command.rowOf(verb).duringTransfer === true, verb)
    }
  })
})
