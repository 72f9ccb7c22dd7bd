import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Command from "../../../src/domain/Command.ts"
import * as Permission from "../../../src/domain/Permission.ts"
import * as Reply from "../../../src/domain/Reply.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type * as State from "../../../src/domain/session/State.ts"
import { anyCommand, likely, line } from "./Lines.ts"
import * as World from "./World.ts"

const finals = (said: ReadonlyArray<World.Said>) => said.filter(({ reply }) => !Reply.isPreliminary(reply))

const login: ReadonlyArray<State.Received> = ["USER joe", "PASS x"].map((text) => Command.parse(text))
const likelyOf = (verb: Command.Verb): string | undefined =>
  [
    verb,
    ...[
      "a",
      "1",
      "a b",
      "0 9",
      "F",
      "S",
      "127,0,0,1,200,1",
      "|1|127.0.0.1|5000|",
      "20200101000000 a",
      "UNIX.mode=644; a"
    ].map((argument) => `${verb} ${argument}`)
  ].find((text) => Either.isRight(Command.parse(text)))
const reader = Account.make("joe", Rights.readOnly)
const writer: Account.Account = {
  ...Account.make("joe", Rights.readWrite),
  limits: { quotaBytes: 1000, uploadSize: 4000 }
}
const account = FastCheck.oneof(
  FastCheck.constantFrom(reader, writer),
  FastCheck.subarray([...Permission.Permission.literals]).map((all) =>
    Account.make("joe", Rights.everywhere(new Set(all)))
  )
)
/** Which of its answers the world gives: the first one more often than any other. */
const choice = FastCheck.oneof(FastCheck.constant(0), FastCheck.nat(20))
const runs = { fastCheck: { numRuns: 1500 } }

describe("Session.step", () => {
  it.prop(
    "every line gets exactly one final reply, however answers and lines interleave",
    [FastCheck.array(FastCheck.tuple(line, choice, FastCheck.nat(3)), { maxLength: 30 }), FastCheck.boolean(), account],
    ([script, loggedIn, account]) => {
      const world = World.make(account)
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
      const world = World.make(reader)
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
    "nothing is done before login",
    [FastCheck.array(FastCheck.tuple(line, choice), { maxLength: 30 }), account],
    ([script, account]) => {
      const world = World.make(account)
      for (const [received, choice] of script) world.exchange(received, choice)
      for (const { action, before } of world.done) {
        if (!["Authenticate", "DropData", "Close"].includes(action._tag)) assert.isDefined(before.account, action._tag)
      }
    },
    runs
  )

  it.prop(
    "once EPSV ALL is given no other command sets up a data connection",
    [FastCheck.array(FastCheck.tuple(line, choice), { maxLength: 30 })],
    ([script]) => {
      const world = World.make(reader)
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
    "a restart marker, a range and an old name serve the next command or none, and only what sets up a transfer may come between",
    [FastCheck.array(FastCheck.tuple(line, choice), { maxLength: 30 })],
    ([script]) => {
      const world = World.make(writer)
      for (const received of login) world.exchange(received)
      let restart = 0
      let range: State.Range | undefined
      let renaming: string | undefined
      for (const [received, choice] of script) {
        const from = world.done.length
        world.exchange(received, choice)
        const done = world.done.slice(from).map(({ action }) => action)
        for (const action of done) {
          if (action._tag === "Transfer" && action.payload._tag === "File") {
            assert.strictEqual(action.payload.offset, range?.start ?? restart)
            assert.strictEqual(action.payload.end, range?.end)
          }
          if (action._tag === "Transfer" && action.payload._tag === "Upload") {
            assert.isUndefined(range)
            assert.strictEqual(action.payload.offset, action.payload.how === "Replace" ? restart : 0)
          }
          if (action._tag === "Change" && action.change._tag === "Rename") {
            assert.strictEqual(action.change.path, renaming)
          }
        }
        const command = Either.isRight(received) && world.state().account !== undefined ? received.right : undefined
        if (command?._tag === "REST") [restart, range] = [command.argument, undefined]
        else if (command?._tag === "RANG") {
          ;[restart, range] = [0, command.argument === "Whole" ? undefined : command.argument]
        } else if (!/^(?:PASV|EPSV|PORT|EPRT|TYPE)$/.test(command?._tag ?? "")) [restart, range] = [0, undefined]
        const asked = done.find((action) => action._tag === "Ask" && action.question.command === "RNFR")
        renaming = asked?._tag === "Ask" && world.said.at(-1)?.reply.code === 350 ? asked.question.path : undefined
        if (world.state().closed) break
        assert.strictEqual(world.state().restart, restart)
        assert.deepStrictEqual(world.state().range, range)
        assert.strictEqual(world.state().renaming, renaming)
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
          choice
        ),
        { maxLength: 30 }
      ),
      FastCheck.boolean(),
      account
    ],
    ([script, loggedIn, account]) => {
      const world = World.make(account)
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
    [FastCheck.array(FastCheck.tuple(line, choice), { maxLength: 15 }), FastCheck.array(line, { maxLength: 5 })],
    ([before, after]) => {
      const world = World.make(reader)
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
      const world = World.make(reader)
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
    const world = World.make(reader)
    for (const text of ["USER joe", "PASS x", "EPSV"]) world.exchange(Command.parse(text))
    for (const text of ["RETR a", "QUIT", "NOOP"]) world.tell({ _tag: "LineRead", line: Command.parse(text) })
    world.quiesce()
    assert.deepStrictEqual(
      world.said.slice(4).map(({ reply }) => reply.code),
      [150, 226, 221]
    )
  })

  it("writing is refused as read only", () => {
    const world = World.make(reader)
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
      "SITE CHMOD 644 x",
      "SITE UTIME 202001010000 x",
      "MFF Modify=20200101000000; x",
      "MDTM 20200101000000 x",
      "COMB x y"
    ]) {
      world.tell({ _tag: "LineRead", line: Command.parse(text) })
      assert.strictEqual(world.said.at(-1)?.reply.code, 550, text)
      assert.include(world.said.at(-1)?.reply.lines[0], "read only")
    }
  })

  it("REIN is no way around EPSV ALL or the patience for failed logins", () => {
    const world = World.make(reader)
    for (const received of [...login, Command.parse("EPSV ALL"), Command.parse("REIN"), ...login])
      world.exchange(received)
    world.exchange(Command.parse("PASV"))
    assert.strictEqual(world.said.at(-1)?.reply.code, 503)
    const bot = World.make(reader)
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
      assert.isDefined(command, verb)
      if (command === undefined) continue
      const world = World.make(reader)
      for (const received of [...login, Command.parse("EPSV")]) world.exchange(received)
      world.tell({ _tag: "LineRead", line: Command.parse("RETR a") })
      world.tell({ _tag: "LineRead", line: Command.parse(command) })
      assert.strictEqual(world.state().deferred.length === 0, Command.rowOf(verb).duringTransfer === true, verb)
    }
  })
})
