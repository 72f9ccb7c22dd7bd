import { assert, it } from "@effect/vitest"
import { Either } from "effect"
import { explain } from "../../src/runtime/cli/StartFailure.ts"
import { ConfigError } from "../../src/runtime/config/ConfigError.ts"
import * as Resolved from "../../src/runtime/config/Resolved.ts"

const resolved = (flags: Resolved.Sources["flags"], environment: Resolved.Sources["environment"] = {}) =>
  Either.getOrThrow(Resolved.resolve({ flags, environment, file: undefined, cwd: "/", parallelism: 1 }))

const error = (reason: string) => ({ reason, message: "listen" })

it("a start the system refuses is told by the setting that would have to change", () => {
  const inUse = explain(resolved({ port: "2121" }), error("InUse")).message
  assert.match(inUse, /^--port 2121: address already in use: /)
  assert.match(explain(resolved({}), error("InUse")).message, /^--port 2121 \(the default\): address already in use: /)
  assert.match(
    explain(resolved({}, { WEFT_PORT: "21" }), error("Denied")).message,
    /^WEFT_PORT=21: permission denied: binding a port below 1024 needs privilege: .*setcap 'cap_net_bind_service=\+ep' .*net\.ipv4\.ip_unprivileged_port_start$/
  )
  assert.notInclude(explain(resolved({ port: "2121" }), error("Denied")).message, "1024")
  assert.match(
    explain(resolved({ host: "192.0.2.1" }), error("NotAvailable")).message,
    /^--host 192\.0\.2\.1: address not/
  )
  assert.strictEqual(explain(resolved({}), error("Other")).message, "the server cannot run: listen")
  const own = new ConfigError({ reason: "Root", message: "no" })
  assert.strictEqual(explain(resolved({}), own), own)
})
