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
const rules: State.TlsRules = { required: "none", implicit: false, certificateLogin: false, ccc: "never" }

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
      case "EndTls":
        return { _tag: "Cleared" }
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
const ccc = FastCheck.constantFrom("never" as const, "unless-required" as const, "always" as const)
const asked = FastCheck.constantFrom(undefined, "login" as const, "data" as const)
const runs = { fastCheck: { numRuns: 600 } }

describe("Security", () => {
  it.prop(
    "nobody logs in and nothing is sent in clear where that is required",
    [lines, required, FastCheck.boolean(), ccc],
    ([script, required, implicit, ccc]) => {
      const session = world({ required, implicit, ccc })
      for (const text of script) session.ask(text)
      for (const { action, state } of session.done) {
        if (action._tag === "Authenticate") assert.isTrue(required === "none" || state.protection.control)
        if (action._tag === "Transfer") assert.isTrue(required !== "data" || state.protection.data === "P")
      }
      const isCleared = session.done.some(({ action }) => action._tag === "EndTls")
      assert.isTrue(session.state().protection.data === "C" || session.state().protection.control || isCleared)
      assert.isTrue(!implicit || session.state().protection.control)
    },
    runs
  )

  it.prop(
    "CCC is for those only whom the policy lets, and what follows in clear changes nothing that protects data",
    [lines, required, asked, ccc],
    ([script, required, tls, ccc]) => {
      const session = world({ required, ccc }, undefined, tls ? { ...joe, tls } : joe)
      for (const text of script) {
        const before = session.state()
        const codes = session.ask(text)
        const { account, protection } = session.state()
        if (before.protection.control && !protection.control) {
          assert.deepStrictEqual([text, codes, account], ["CCC", [200], before.account])
          assert.strictEqual(protection.data, before.protection.data)
          assert.notStrictEqual(ccc, "never")
          assert.isTrue(ccc === "always" || (required === "none" && (account?.tls ?? "none") === "none"))
        }
        if (before.protection.data === "P" && protection.data === "C") {
          assert.isTrue(before.protection.control || text === "REIN" || text.startsWith("AUTH"), text)
        }
      }
    },
    runs
  )

  it.prop(
    "every line has one final reply, codes are those of the table",
    [lines, required, ccc],
    ([script, required, ccc]) => {
      const session = world({ required, ccc })
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

  it("CCC goes back to clear where it may, and AUTH begins again", () => {
    const { ask, asks, said, state } = world({ ccc: "unless-required", certificateLogin: true }, "joe")
    assert.deepStrictEqual(asks("CCC", "AUTH TLS", "USER joe", "PBSZ 0", "PROT P"), [533, 234, 232, 200, 200])
    assert.deepStrictEqual(asks("CCC", "CCC", "PROT C", "PBSZ 0", "PROT C"), [200, 533, 503, 503, 503])
    assert.deepStrictEqual([state().account?.name, state().protection.data], ["joe", "P"])
    assert.deepStrictEqual(asks("EPSV", "RETR a", "STAT"), [229, 226, 211])
    assert.include(said.at(-1)?.lines.join(), "Control connection in clear; data connections protected by TLS")
    // The certificate was TLS's, and so is what it opened.
    assert.deepStrictEqual(asks("REIN", "USER joe"), [220, 331])
    assert.deepStrictEqual(asks("AUTH TLS", "USER joe", "CCC"), [234, 232, 200])
    assert.deepStrictEqual(ask("GET / HTTP/1.1"), [500])
  })

  it("CCC is refused where TLS is required, unless it is always allowed, and on the implicit port", () => {
    const enter = ["AUTH TLS", "USER joe", "PASS x", "CCC"]
    for (const required of ["login", "data"] as const) {
      assert.deepStrictEqual(world({ required, ccc: "unless-required" }).asks(...enter), [234, 331, 230, 534])
      assert.deepStrictEqual(world({ required, ccc: "always" }).asks(...enter), [234, 331, 230, 200])
      const strict = { ...joe, tls: required }
      assert.deepStrictEqual(world({ ccc: "unless-required" }, undefined, strict).asks(...enter), [234, 331, 230, 534])
    }
    assert.deepStrictEqual(world({ ccc: "always", implicit: true }).asks("CCC"), [534])
    const data = world({ required: "data", ccc: "always" })
    assert.deepStrictEqual(data.asks(...enter, "EPSV", "LIST"), [234, 331, 230, 200, 229, 521])
    const login = world({ required: "login", ccc: "always" })
    assert.deepStrictEqual(login.asks("AUTH TLS", "CCC", "USER joe"), [234, 200, 530])
  })

  it("CCC throws away what waits behind it, and a connection that cannot go on is over", () => {
    const { asks, state, tell } = world({ ccc: "always" })
    asks("AUTH TLS", "USER joe", "PASS x")
    tell({ _tag: "LineRead", line: Command.parse("CWD a") })
    for (const text of ["CCC", "NOOP", "QUIT"]) tell({ _tag: "LineRead", line: Command.parse(text) })
    tell({ _tag: "Answered", answer: Either.left("NotFound") })
    assert.deepStrictEqual([state().closed, state().protection.control, state().work], [false, false, undefined])
    const failed = Session.step({ ...state(), work: { _tag: "Clearing" } }, { _tag: "SecuringFailed" })
    assert.deepStrictEqual([failed.state.closed, failed.replies], [true, []])
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
