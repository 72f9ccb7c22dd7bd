import * as Crypto from "node:crypto"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Either, FastCheck, Redacted } from "effect"
import * as Text from "../../../src/domain/Text.ts"
import * as Password from "../../../src/runtime/accounts/Password.ts"

const bytes = (min: number) =>
  FastCheck.uint8Array({ minLength: min, maxLength: 64 }).map((all) => Uint8Array.from(all))

const password = FastCheck.record({
  id: FastCheck.constant("scrypt" as const),
  ln: FastCheck.integer({ min: 1, max: 20 }),
  r: FastCheck.integer({ min: 1, max: 32 }),
  p: FastCheck.integer({ min: 1, max: 16 }),
  salt: bytes(8),
  hash: bytes(16)
})

const salt = Buffer.alloc(16).toString("base64").replace(/=+$/, "")
const hash = Buffer.alloc(32).toString("base64").replace(/=+$/, "")

describe("Password", () => {
  it.prop(
    "parse(print(password)) is the password where it can be borne, and refused where not",
    [password],
    ([given]) => {
      const parsed = Password.parse(Password.print(given))
      if (Password.isBearable(given)) assert.deepStrictEqual(Either.getOrThrow(parsed), given)
      else assert.isTrue(Either.isLeft(parsed))
    }
  )

  it.prop(
    "what is accepted needs no more than 257 MiB",
    [FastCheck.nat(99), FastCheck.nat(99), FastCheck.nat(99)],
    ([ln, r, p]) => {
      const parsed = Password.parse(`$scrypt$ln=${ln},r=${r},p=${p}$${salt}$${hash}`)
      if (Either.isRight(parsed)) assert.isAtMost(Password.memory(parsed.right), 257 * 2 ** 20)
    }
  )

  it.prop("parse is total and never shows what it was given", [FastCheck.fullUnicodeString()], ([text]) => {
    assert.isTrue(Either.isLeft(Password.parse(text)))
    assert.isTrue(Either.isLeft(Password.parse(`$scrypt$${text}`)))
  })

  it("refuses what is no hash, a crafted one, and one of another kind by its name", () => {
    const refusal = (text: string) => Either.getOrThrow(Either.flip(Password.parse(text)))
    assert.match(refusal("secret"), /^a password hash such as \$scrypt\$/)
    assert.match(refusal(`$scrypt$ln=15,r=8,p=1$${salt}==$${hash}`), /such as/)
    assert.match(refusal(`$scrypt$ln=0,r=8,p=1$${salt}$${hash}`), /at most/)
    assert.match(refusal(`$scrypt$ln=20,r=32,p=1$${salt}$${hash}`), /at most 256 MiB/)
    assert.strictEqual(
      refusal(`$argon2id$v=19$m=65536,t=3,p=4$${salt}$${hash}`),
      "a password hash of a known kind, scrypt, not argon2id"
    )
    assert.match(refusal("$constructor$"), /known kind/)
  })

  it.effect("a hash matches its own password, byte for byte, and no other", () =>
    Effect.gen(function* () {
      const cheap = { ln: 2, r: 1, p: 1 }
      for (const text of ["", "sesame", "pässwörd 🙂", "\udc80\udcff"]) {
        const made = yield* Password.hash(Redacted.make(text), cheap)
        assert.isTrue(Password.unsafeVerify(Text.encode(text), made))
        assert.isFalse(Password.unsafeVerify(Text.encode(`${text}x`), made))
        const twice = yield* Password.hash(Redacted.make(text), cheap)
        assert.notDeepEqual(twice.salt, made.salt)
      }
      assert.isFalse(Password.unsafeVerify(Text.encode(""), Password.dummy(cheap)))
    })
  )

  it("is scrypt as RFC 7914 has it", () => {
    const expected = Crypto.scryptSync("password", "NaCl", 64, { N: 1024, r: 8, p: 16, maxmem: 2 ** 26 })
    assert.strictEqual(expected.toString("hex").slice(0, 16), "fdbabe1c9d347200")
    const known = { id: "scrypt", ln: 10, r: 8, p: 16, salt: Buffer.from("NaCl"), hash: expected } as const
    assert.isTrue(Password.unsafeVerify(Text.encode("password"), known))
  })
})
