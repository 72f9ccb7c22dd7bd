import { expect, it } from "@effect/vitest"
import { markdown } from "../../src/runtime/config/Reference.ts"

it("docs/configuration.md is what the table of settings says (vitest -u writes it)", async () => {
  await expect(markdown()).toMatchFileSnapshot("../../docs/configuration.md")
})
