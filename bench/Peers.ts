import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import * as Effect from "effect/Effect"
import { repository } from "./Field.ts"
import type { Command, Place, Server } from "./Server.ts"

/** Where `peers.sh` unpacks what is not to be installed. */
const unpacked = Path.join(repository, "bench", "peers")
const servers = Path.join(repository, "bench", "servers")
const folders = ["/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"]

/** Unpacked programs find their libraries and modules beside themselves. */
const environment: Readonly<Record<string, string>> = Fs.existsSync(unpacked)
  ? {
      LD_LIBRARY_PATH: ["usr/lib", `usr/lib/${process.arch === "x64" ? "x86_64" : "aarch64"}-linux-gnu`]
        .map((folder) => Path.join(unpacked, folder))
        .join(":"),
      PYTHONPATH: Path.join(unpacked, "usr/lib/python3/dist-packages")
    }
  : {}

const find = (program: string): string | undefined =>
  [...folders.map((folder) => Path.join(unpacked, folder)), ...folders]
    .map((folder) => Path.join(folder, program))
    .find((path) => Fs.existsSync(path))

/** Whom vsftpd runs a guest's session as: somebody without rights whose home there is. */
const guest = ["ftp", "daemon", "bin"].find((name) => {
  const home = new RegExp(`^${name}:(?:[^:]*:){4}([^:]*):`, "m").exec(Fs.readFileSync("/etc/passwd", "utf8"))?.[1]
  return home !== undefined && Fs.existsSync(home)
})

/** The first thing in a program's output that looks like a version; what it prints it on differs. */
const version = (file: string, args: ReadonlyArray<string>): string => {
  const { stderr, stdout } = ChildProcess.spawnSync(file, args, {
    encoding: "utf8",
    env: { ...process.env, ...environment },
    stdio: ["pipe", "pipe", "pipe"],
    timeout: 10_000
  })
  return /\d+\.\d+(\.\d+)?/.exec(`${stdout}${stderr}`)?.[0] ?? "?"
}

const write = (place: Place, name: string, lines: ReadonlyArray<string>): string => {
  const path = Path.join(place.field.state, name)
  Fs.writeFileSync(path, `${lines.join("\n")}\n`)
  return path
}

const peer = (name: string, versionOf: string, configure: (place: Place) => Command): Server => ({
  name,
  version: versionOf,
  isWeft: false,
  configure: (place) => Effect.sync(() => ({ env: environment, ...configure(place) }))
})

/** Lines that only a server with TLS gets. */
const withTls = (place: Place, lines: (certificate: string, key: string) => ReadonlyArray<string>) =>
  place.tls ? lines(place.field.certificate.certificate, place.field.certificate.key) : []

const vsftpd = (name: string, file: string, extra: ReadonlyArray<string>): Server =>
  peer(name, version("/bin/sh", ["-c", `"${file}" -v 0>&1`]), (place) => {
    const jail = Path.join(place.field.state, "jail")
    Fs.mkdirSync(jail, { recursive: true })
    const path = write(place, `${name}.conf`, [
      "listen=YES",
      `listen_port=${place.port}`,
      "listen_address=127.0.0.1",
      "background=NO",
      `run_as_launching_user=${process.getuid?.() === 0 ? "NO" : "YES"}`,
      "anonymous_enable=YES",
      "local_enable=NO",
      "no_anon_password=YES",
      `ftp_username=${guest}`,
      `anon_root=${place.field.root}`,
      `secure_chroot_dir=${jail}`,
      "write_enable=YES",
      "anon_upload_enable=YES",
      "anon_umask=022",
      `pasv_min_port=${place.passive.first}`,
      `pasv_max_port=${place.passive.last}`,
      "max_clients=0",
      "max_per_ip=0",
      "xferlog_enable=NO",
      ...withTls(place, (certificate, key) => [
        "ssl_enable=YES",
        "allow_anon_ssl=YES",
        "ssl_ciphers=HIGH",
        `rsa_cert_file=${certificate}`,
        `rsa_private_key_file=${key}`
      ]),
      ...extra
    ])
    return { file, args: [path] }
  })

/** It allows half as many clients as it has ports, so that it gets more of them than the others. */
const pureFtpd = (file: string): Server =>
  peer("pure-ftpd", version(file, ["--help"]), (place) => ({
    file,
    args: [
      ...["-S", `127.0.0.1,${place.port}`, "-p", `${place.passive.first}:32700`],
      ...["-c", "30000", "-e", "-f", "none", "-H", "-L", "100000:5", "-U", "022:022"],
      ...["-g", Path.join(place.field.state, "pure-ftpd.pid")],
      ...withTls(place, (certificate, key) => ["--tls", "1", "--certfile", `${certificate},${key}`])
    ],
    env: { ...environment, GUEST_HOME: place.field.root, LD_PRELOAD: place.field.guest }
  }))

const proftpd = (file: string): Server =>
  peer("proftpd", version(file, ["-v"]), (place) => {
    const state = (name: string) => Path.join(place.field.state, `proftpd.${name}`)
    const path = write(place, "proftpd.conf", [
      ...withTls(place, (certificate, key) => [
        ...(file.startsWith(unpacked) ? [`ModulePath ${Path.join(unpacked, "usr/lib/proftpd")}`] : []),
        "LoadModule mod_tls.c",
        "TLSEngine on",
        "TLSProtocol TLSv1.2 TLSv1.3",
        `TLSRSACertificateFile ${certificate}`,
        `TLSRSACertificateKeyFile ${key}`
      ]),
      "ServerType standalone",
      "DefaultServer on",
      "DefaultAddress 127.0.0.1",
      `Port ${place.port}`,
      "UseIPv6 off",
      "UseReverseDNS off",
      "User nobody",
      "Group nogroup",
      "AuthPAM off",
      "RequireValidShell off",
      "UseFtpUsers off",
      "MaxInstances none",
      `PassivePorts ${place.passive.first} ${place.passive.last}`,
      `PidFile ${state("pid")}`,
      `ScoreboardFile ${state("scoreboard")}`,
      "SystemLog none",
      "TransferLog none",
      "WtmpLog off",
      "<IfModule mod_delay.c>",
      "DelayEngine off",
      "</IfModule>",
      `<Anonymous ${place.field.root}>`,
      "User nobody",
      "Group nogroup",
      "UserAlias anonymous nobody",
      "RequireValidShell off",
      "Umask 022",
      "</Anonymous>"
    ])
    return { file, args: ["--nodaemon", "--quiet", "--config", path] }
  })

const whereabouts = (place: Place): ReadonlyArray<string> => [
  ...[place.port, place.passive.first, place.passive.last].map(String),
  place.field.root,
  ...withTls(place, (certificate, key) => [certificate, key])
]

/** Silent where it is missing: a traceback holds numbers too. */
const PYFTPDLIB_VERSION = "import sys; sys.tracebacklimit = 0; import pyftpdlib; print(pyftpdlib.__ver__)"

const pyftpdlib = (): ReadonlyArray<Server> => {
  const python = find("python3")
  const found = python === undefined ? "?" : version(python, ["-c", PYFTPDLIB_VERSION])
  if (python === undefined || found === "?") return []
  return [
    peer("pyftpdlib", found, (place) => ({
      file: python,
      args: [Path.join(servers, "pyftpd.py"), ...whereabouts(place)]
    }))
  ]
}

const ftpSrv = (): ReadonlyArray<Server> => {
  const manifest = Path.join(repository, "bench/node_modules/ftp-srv/package.json")
  if (!Fs.existsSync(manifest)) return []
  const { version: found } = JSON.parse(Fs.readFileSync(manifest, "utf8")) as { readonly version: string }
  return [
    peer("ftp-srv", found, (place) => ({
      file: process.execPath,
      args: [Path.join(servers, "ftp-srv.mjs"), ...whereabouts(place)]
    }))
  ]
}

const installed = (program: string, make: (file: string) => ReadonlyArray<Server>): ReadonlyArray<Server> => {
  const file = find(program)
  return file === undefined ? [] : make(file)
}

/**
 * The other servers that are there, each set up to serve guests without logs and limits, over TLS where that is asked.
 *
 * @since 0.1.0
 * @category constructors
 */
export const detect = Effect.sync(
  (): ReadonlyArray<Server> => [
    ...installed("vsftpd", (file) => [
      vsftpd("vsftpd", file, []),
      vsftpd("vsftpd-one", file, ["one_process_model=YES", "isolate=NO", "isolate_network=NO", "seccomp_sandbox=NO"])
    ]),
    ...installed("pure-ftpd", (file) => [pureFtpd(file)]),
    ...installed("proftpd", (file) => [proftpd(file)]),
    ...pyftpdlib(),
    ...ftpSrv()
  ]
)
