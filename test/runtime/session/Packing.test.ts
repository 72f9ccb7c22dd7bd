import { assert, describe, it } from "@effect/vitest"
import * as Account from "../../../src/domain/Account.ts"
import * as Rights from "../../../src/domain/Rights.ts"
import * as State from "../../../src/domain/session/State.ts"
import type { Client } from "../../../src/runtime/server/Client.ts"
import type { Actor } from "../../../src/runtime/session/Actor.ts"
import { ControlConnection } from "../../../src/runtime/session/ControlConnection.ts"
import * as Packing from "../../../src/runtime/session/Packing.ts"
import * as FakeConnection from "../server/FakeConnection.ts"

const account = Account.make("ftp", Rights.readOnly)

const settings: State.Settings = {
  greeting: "Hello",
  peer: "192.0.2.1",
  maxUploadSize: 0,
  allowForeignActive: false,
  allowPrivilegedActive: false
}

const bytes = (text: string) => new TextEncoder().encode(text)

/** A session that can go, but for what is `given`. */
const session = (given: object = {}) => {
  const { connection } = FakeConnection.make()
  const control = new ControlConnection(connection, 512, () => {})
  const actor = {
    house: { config: { commandRate: 0 }, ledger: { unsafeIsKnown: () => false } },
    client: { id: 7, connection },
    control,
    state: { ...State.initial(settings), account },
    lodging: { welcome: { account, upload: undefined, download: undefined }, isLeaving: false },
    lease: undefined,
    begun: undefined,
    errand: undefined,
    progress: undefined,
    tlsContext: undefined,
    ...given
  }
  return { actor: actor as unknown as Actor, control }
}

const isPacked = (given?: object) => Packing.unsafePack(session(given).actor, 5) !== undefined

describe("Packing", () => {
  it("packs a session at rest, and unpacks the same", () => {
    const { actor } = session()
    const luggage = structuredClone(Packing.unsafePack(actor, 5))
    const unpacked = Packing.unsafeUnpack({ luggage } as Client)
    assert.strictEqual(unpacked?.startedAt, 5)
    assert.deepStrictEqual(unpacked?.account, account)
    assert.isUndefined(Packing.unsafeUnpack({} as Client))
  })

  const shared = new SharedArrayBuffer(8)
  const bound: Readonly<Record<string, object>> = {
    "a port is open": { lease: {} },
    "a transfer has begun": { begun: {} },
    "a transfer is under way": { errand: {} },
    "something moves": { progress: {} },
    "TLS has been there": { tlsContext: {} },
    "TLS is between": { client: { id: 7, connection: FakeConnection.make().connection } },
    "commands are counted by time": { house: { config: { commandRate: 9 }, ledger: { unsafeIsKnown: () => false } } },
    "the owner of the books knows it": { house: { config: { commandRate: 0 }, ledger: { unsafeIsKnown: () => true } } },
    "the owner of the books decides everything": { house: { config: { commandRate: 0 }, ledger: {} } },
    "a home is open": { lodging: { welcome: { account: { ...account, home: "h" } }, isLeaving: false } },
    "a home is being closed": { lodging: { welcome: { account }, isLeaving: true } },
    "nobody is welcome": { lodging: { welcome: undefined, isLeaving: false } },
    "uploads are paced": { lodging: { welcome: { account, upload: shared }, isLeaving: false } },
    "downloads are paced": { lodging: { welcome: { account, download: shared }, isLeaving: false } },
    "nobody is logged in": { state: State.initial(settings) }
  }
  for (const [why, given] of Object.entries(bound)) {
    it(`leaves it where it is while ${why}`, () => assert.isFalse(isPacked(given)))
  }

  it("leaves it where it is while it has something to hear or to say", () => {
    const told: ReadonlyArray<(control: ControlConnection) => void> = [
      (control) => control.onData(bytes("NO")),
      (control) => control.onData(bytes("NOOP\r\n")),
      (control) => control.onData(bytes(`${"NOOP\r\n".repeat(400)}`)),
      (control) => control.unsafeSay("200 OK\r\n"),
      (control) => control.onEnd(),
      (control) => control.onClose()
    ]
    for (const tell of told) {
      const { actor, control } = session()
      tell(control)
      assert.isUndefined(Packing.unsafePack(actor, 0))
    }
    const { actor, control } = session()
    control.onData(bytes("NOOP\r\n"))
    control.unsafeTake()
    assert.isDefined(Packing.unsafePack(actor, 0))
  })
})
