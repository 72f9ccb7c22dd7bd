import { expect, it } from "@effect/vitest"
import { markdown } from "../../src/domain/CommandReference.ts"

it("docs/commands.md is what the command table says (vitest -u writes it)", async () => {
  await expect(markdown()).toMatchFileSnapshot("../../docs/commands.md")
})
