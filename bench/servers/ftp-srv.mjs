// node ftp-srv.mjs PORT FIRST LAST ROOT [CERTIFICATE KEY]: ftp-srv for guests, without logs.
import * as Fs from "node:fs"
import { FtpSrv } from "ftp-srv"

const [port, first, last, root, certificate, key] = process.argv.slice(2)
const silent = () => {}
const log = { trace: silent, debug: silent, info: silent, warn: silent, error: silent, fatal: silent }
log.child = () => log

const server = new FtpSrv({
  anonymous: true,
  log,
  pasv_max: Number(last),
  pasv_min: Number(first),
  pasv_url: "127.0.0.1",
  tls: certificate ? { cert: Fs.readFileSync(certificate), key: Fs.readFileSync(key) } : false,
  url: `ftp://127.0.0.1:${port}`
})
server.on("login", (_, resolve) => resolve({ root }))
server.listen()
