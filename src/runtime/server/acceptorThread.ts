import { workerData } from "node:worker_threads"
import { socketCalls } from "../platform/SocketCalls.ts"
import * as Acceptor from "./Acceptor.ts"
import type { Boot } from "./AcceptorProtocol.ts"

const boot = workerData as Boot
if (socketCalls === undefined) throw new Error("this platform has no FFI to accept with")

const acceptor = Acceptor.make(socketCalls, boot)
while (acceptor.round()) {}
boot.control.close()
