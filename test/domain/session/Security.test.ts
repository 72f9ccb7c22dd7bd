import { assert, describe, it } from "@effect/vitest"
import { Either, FastCheck } from "effect"
import * as Account from "../../../src/domain/Account.ts"
import * as Command from "../../../src/domain/Command.ts"
import { HostPort } from "../../../src/domain/HostPort.ts"
import * as Reply from "../../../src/domain/Reply.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import type { Action } from "../../../src/domain/session/Action.ts"
import type { Event } from "../../../src/domain/session/Event.ts"
import * as Session from "../../../src/domain/session/Session.ts"
import * as State from "../../../src/domain/session/State.ts"

const joe = Account.make("joe", Rights.readWrite)
const rules: State.TlsRules = { required: "none", implicit: false, certificateLogin: false }

/** A session whose every action is answered well at once, unless the test holds answers back. */
const world = (tls: Partial<State.TlsRules> | undefined, certificate?: string, account: Account.Account = joe) => {
  let state = State.initial({
    greeting: "Hello",
    peer: "127.0.0.1",
    allowForeignActive: false,
    allowPrivilegedActive: false,
    maxUploadSize: 0,
    ...(tls && { tls: { ...rules, ...tls } })
  })
  const said: Array<Reply.Reply> = []
  const done: Array<{ readonly action: Action; readonly state: State.State }> = []
  const answerTo = (action: Action): Event | undefined => {
    switch (action._tag) {
      case "Authenticate":
        return { _tag: "LoginDecided", verdict: { _tag: "Welcome", account } }
      case "Recognise":
        return {
          _tag: "LoginDecided",
          verdict: action.name === "joe" ? { _tag: "Welcome", account } : { _tag: "Refused" }
        }
      case "StartTls":
        return { _tag: "Secured", certificate }
      case "OpenPassive":
        return {
          _tag: "PassiveOpened",
          host: new HostPort({ protocol: 1, address: "127.0.0.1", port: 50000 })
        }
      case "Transfer":
        return { _tag: "TransferEnded", outcome: { _tag: "Done" } }
      default:
        return undefined
    }
  }
  const tell = (event: Event) => {
    const decision = Session.step(state, event)
    state = decision.state
    said.push(...decision.replies)
    for (const action of decision.actions) {
      done.push({ action, state })
      const answer = answerTo(action)
      if (answer !== undefined) tell(answer)
    }
  }
  /** The codes that a line is answered with. */
  const ask = (text: string) => {
    const from = said.length
    tell({ _tag: "LineRead", line: Command.parse(text) })
    return said.slice(from).map(({ code }) => code)
  }
  const asks = (...lines: ReadonlyArray<string>) => lines.flatMap(ask)
  tell({ _tag: "Started" })
  return { ask, asks, tell, said, done, state: () => state }
}

const lines = FastCheck.array(
  FastCheck.constantFrom(
    ..."AUTH TLS|AUTH SSL|AUTH TLS-P|AUTH KERBEROS|PBSZ 0|PROT P|PROT C|PROT S|CCC|USER joe|PASS x|EPSV|RETR a|STOR a|STOU|APPE a|NLST|LIST|MLSD|REIN|NOOP|PASV|ABOR|FEAT".split(
      "|"
    )
  ),
  { maxLength: 30 }
)
const required = FastCheck.constantFrom("none" as const, "login" as const, "data" as const)
const runs = { fastCheck: { numRuns: 600 } }

describe("Security", () => {
  it.prop(
    "nobody logs in and nothing is sent in clear where that is required",
    [lines, required, FastCheck.boolean()],
    ([script, required, implicit]) => {
      const session = world({ required, implicit })
      for (const text of script) session.ask(text)
      for (const { action, state } of session.done) {
        if (action._tag === "Authenticate") assert.isTrue(required === "none" || state.protection.control)
        if (action._tag === "Transfer") assert.isTrue(required !== "data" || state.protection.data === "P")
      }
      assert.isTrue(session.state().protection.data === "C" || session.state().protection.control)
      assert.isTrue(!implicit || session.state().protection.control)
    },
    runs
  )

  it.prop(
    "every line has one final reply, codes are those of the table",
    [lines, required],
    ([script, required]) => {
      const session = world({ required })
      for (const text of script) {
        const line = Command.parse(text)
        const codes = session.ask(text).filter((code) => code >= 200)
        assert.strictEqual(codes.length, 1, text)
        if (Either.isLeft(line)) continue
        const { replies } = Command.rowOf(line.right._tag)
        assert.isTrue(
          codes.every((code) => replies.includes(code) || Command.anyTime.has(code)),
          `${text}: ${codes}`
        )
      }
    },
    runs
  )

  it("follows the order of RFC 4217", () => {
    const { ask, asks, state } = world({})
    assert.deepStrictEqual(asks("PBSZ 0", "PROT P", "CCC", "AUTH KRB5"), [503, 503, 533, 504])
    assert.deepStrictEqual(asks("AUTH tls", "PROT P", "PBSZ 0", "PROT P"), [234, 503, 200, 200])
    assert.deepStrictEqual(
      asks("PROT S", "PROT E", "PROT X", "PROT", "CCC", "AUTH TLS"),
      [536, 536, 504, 501, 534, 503]
    )
    assert.strictEqual(state().protection.data, "P")
    assert.deepStrictEqual(ask("REIN"), [220])
    assert.deepStrictEqual([state().protection.control, state().protection.data], [true, "C"])
    assert.deepStrictEqual(asks("PROT P", "PBSZ 0", "PROT P"), [503, 200, 200])
  })

  it("every verb that moves bytes is held to protected data", () => {
    const { asks } = world({ required: "data" })
    assert.deepStrictEqual(asks("AUTH TLS", "USER joe", "PASS x", "PBSZ 0"), [234, 331, 230, 200])
    for (const text of ["RETR a", "STOR a", "STOU", "APPE a", "LIST", "NLST", "MLSD"]) {
      assert.deepStrictEqual(asks("EPSV", text), [229, 521], text)
    }
    // Who may not store is told that, and no more.
    const stranger = world({ required: "data" })
    assert.deepStrictEqual(stranger.asks("AUTH TLS", "STOR a"), [234, 530])
  })

  it("an account may ask for protected data of its own", () => {
    const { asks } = world({}, undefined, { ...joe, tls: "data" })
    assert.deepStrictEqual(asks("AUTH TLS", "PBSZ 0", "PROT C"), [234, 200, 200])
    assert.deepStrictEqual(asks("USER joe", "PASS x", "EPSV", "STOR a"), [331, 230, 229, 521])
    assert.deepStrictEqual(asks("PROT C", "PROT P", "EPSV", "STOR a"), [534, 200, 229, 226])
    const other = world({}, undefined, { ...joe, tls: "login" })
    assert.deepStrictEqual(other.asks("AUTH TLS", "USER joe", "PASS x", "EPSV", "STOR a"), [234, 331, 230, 229, 226])
  })

  it("a login in clear of an account that asks for TLS is no login, and no failed one", () => {
    const { ask, state } = world({})
    assert.deepStrictEqual(ask("USER joe"), [331])
    const waiting: State.State = { ...state(), work: { _tag: "LoggingIn", name: "joe" } }
    const decision = Session.step(waiting, { _tag: "LoginDecided", verdict: { _tag: "InClear" } })
    assert.deepStrictEqual(
      decision.replies.map(({ code, lines }) => [code, ...lines]),
      [[530, "This account requires TLS: give AUTH TLS first."]]
    )
    assert.strictEqual(decision.state.account, undefined)
    assert.strictEqual(decision.state.failedLogins, 0)
  })

  it("AUTH SSL and AUTH TLS-P protect data too", () => {
    for (const text of ["AUTH SSL", "AUTH TLS-P"]) {
      const { ask, state } = world({})
      assert.deepStrictEqual(ask(text), [234])
      assert.strictEqual(state().protection.data, "P")
    }
  })

  it("AUTH logs out, and throws away what waits behind it", () => {
    const { ask, asks, done, state, tell } = world({})
    asks("USER joe", "PASS x", "EPSV")
    tell({ _tag: "LineRead", line: Command.parse("CWD a") })
    for (const text of ["AUTH TLS", "NOOP", "QUIT"]) tell({ _tag: "LineRead", line: Command.parse(text) })
    tell({ _tag: "Answered", answer: Either.left("NotFound") })
    assert.isUndefined(state().account)
    assert.isUndefined(state().data)
    assert.isFalse(state().closed)
    assert.deepInclude(
      done.map(({ action }) => action),
      { _tag: "StartTls", follows: false }
    )
    assert.deepStrictEqual(ask("PWD"), [530])
  })

  it("is not there where TLS is not offered", () => {
    const { asks, said } = world(undefined)
    assert.deepStrictEqual(asks("AUTH TLS", "PBSZ 0", "PROT P", "CCC", "FEAT", "HELP"), [502, 502, 502, 502, 211, 214])
    assert.notMatch(said.slice(-2).map(Reply.render).join(""), /AUTH TLS\r|PBSZ\r| AUTH /)
    const offered = world({})
    offered.ask("FEAT")
    assert.match(offered.said.map(Reply.render).join(""), / AUTH TLS\r\n[\s\S]* PBSZ\r\n[\s\S]* PROT\r\n/)
  })

  it("refuses in clear what policy wants protected, with the RFC's codes", () => {
    const login = world({ required: "login" })
    assert.deepStrictEqual(
      login.asks("USER joe", "PASS x", "NOOP", "AUTH TLS", "USER joe", "PASS x"),
      [530, 530, 200, 234, 331, 230]
    )
    assert.deepStrictEqual(login.asks("EPSV", "RETR a"), [229, 226])
    const data = world({ required: "data" })
    assert.deepStrictEqual(
      data.asks("AUTH TLS", "USER joe", "PASS x", "PBSZ 0", "PROT C", "EPSV", "LIST"),
      [234, 331, 230, 200, 534, 229, 521]
    )
    assert.deepStrictEqual(data.asks("PROT P", "LIST"), [200, 226])
  })

  it("greets after the handshake on the implicit port, with data protected", () => {
    const { ask, said, state } = world({ implicit: true })
    assert.deepStrictEqual(
      said.map(({ code }) => code),
      [220]
    )
    assert.strictEqual(state().protection.data, "P")
    assert.deepStrictEqual(ask("REIN"), [220])
    assert.strictEqual(state().protection.data, "P")
    const failed = Session.step({ ...state(), work: { _tag: "Securing", data: "P" } }, { _tag: "SecuringFailed" })
    assert.isTrue(failed.state.closed)
    assert.deepStrictEqual(failed.replies, [])
  })

  it("a certificate that names the user takes the place of the password, where that is wanted", () => {
    assert.deepStrictEqual(
      world({ certificateLogin: true }, "joe").asks("AUTH TLS", "USER joe", "PWD"),
      [234, 232, 257]
    )
    assert.deepStrictEqual(world({ certificateLogin: true }, "jack").asks("AUTH TLS", "USER joe"), [234, 331])
    assert.deepStrictEqual(world({ certificateLogin: false }, "joe").asks("AUTH TLS", "USER joe"), [234, 331])
    const unknown = world({ certificateLogin: true }, "jack")
    assert.deepStrictEqual(unknown.asks("AUTH TLS", "USER jack", "PASS x"), [234, 331, 230])
  })

  it("another protocol's first word after the handshake ends the session, and later is just unknown", () => {
    for (const word of ["GET / HTTP/1.1", "post /", "EHLO me"]) {
      const session = world({ implicit: true })
      assert.deepStrictEqual(session.asks(word, "NOOP"), [421])
      const late = world({ implicit: true })
      assert.deepStrictEqual(late.asks("NOOP", word, "NOOP"), [200, 500, 200])
      assert.deepStrictEqual(world({}).asks(word, "NOOP"), [500, 200])
    }
  })
})
