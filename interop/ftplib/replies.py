"""What every command that writes answers, a dialogue a line: replies.py GROUP HOST PORT HOME PASSWORD.

Each dialogue has a directory of its own and a session as after a login, with "file" (ten digits), "dir" (empty) and "full" (with a file in it). A step
is a command and the reply it gets, as a regular expression. "@ data" behind a command sends that over a data connection; "@" alone
takes what comes and compares it with what stands behind "=".
"""

import ftplib
import os
import re
import shutil
import sys
import zlib

GROUP, HOST, PORT, HOME, PASSWORD = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]

LONG = "n" * 255

DIALOGUES = {
    "room": r'''
        ALLO 10 > 200
        ALLO 10 R 5 > 200
        ALLO 0 > 200
        ALLO > 501
        ALLO x > 501
        ALLO -1 > 501
        ALLO 10 R > 501
        ALLO 999999999999999 > 452|552
        AVBL > 213 \d+$
        AVBL dir > 213 \d+$
        AVBL file > 213 \d+$
        SITE QUOTA > 200
    ''',
    "stores": r'''
        STOR new @ abc > 226 | SIZE new > 213 3$ | RETR new @ = abc > 226
        STOR file @ abc > 226 | RETR file @ = abc > 226
        STOR new @ > 226 | SIZE new > 213 0$
        STOR > 501
        STOR dir @ abc > 550
        STOR full/x @ abc > 226
        STOR none/x @ abc > 550
        STOR file/x @ abc > 550
        STOR / @ abc > 550
        STOR .. @ abc > 550
        STOR {LONG} @ abc > 226 | SIZE {LONG} > 213 3$
        STOR {LONG}n @ abc > 553
        STOR .weft-x @ abc > 553 | SIZE .weft-x > 550
        STOR with space @ abc > 226 | SIZE with space > 213 3$
        STOR "quoted" @ abc > 226 | SIZE "quoted" > 213 3$
        STOR new > 425
        APPE file @ abc > 226 | RETR file @ = 0123456789abc > 226
        APPE new @ abc > 226 | RETR new @ = abc > 226
        APPE dir @ abc > 550
        APPE none/x @ abc > 550
        APPE > 501
        STOU @ abc > 226
        STOU file @ abc > 226 | SIZE file > 213 10$
        STOU none/x @ abc > 550
        STOU > 425
    ''',
    "restarts": r'''
        REST 4 > 350 | STOR file @ abc > 226 | RETR file @ = 0123abc > 226
        REST 0 > 350 | STOR file @ abc > 226 | RETR file @ = abc > 226
        REST 10 > 350 | STOR file @ abc > 226 | RETR file @ = 0123456789abc > 226
        REST 11 > 350 | STOR file @ abc > 554 | RETR file @ = 0123456789 > 226
        REST 1 > 350 | STOR new @ abc > 554 | SIZE new > 550
        REST 4 > 350 | NOOP > 200 | STOR file @ abc > 226 | RETR file @ = abc > 226
        REST 4 > 350 | STOR file @ abc > 226 | STOR file @ abc > 226 | RETR file @ = abc > 226
        REST 4 > 350 | APPE file @ abc > 226 | RETR file @ = 0123456789abc > 226
        REST 99 > 350 | APPE file @ abc > 226 | RETR file @ = 0123456789abc > 226
        REST 4 > 350 | APPE file @ abc > 226 | STOR file @ abc > 226 | RETR file @ = abc > 226
        REST 4 > 350 | STOU @ abc > 503
        REST 4 > 350 | RETR file @ = 456789 > 226 | RETR file @ = 0123456789 > 226
        REST 10 > 350 | RETR file @ = > 226
        REST 11 > 350 | RETR file @ = > 554
        REST 4 > 350 | PASV > 227 | RETR file @ = 456789 > 226
        REST 4 > 350 | EPSV > 229 | TYPE I > 200 | RETR file @ = 456789 > 226
        TYPE A > 200 | REST 4 > 350 | STOR file @ abc > 554
        REST > 501
        REST x > 501
        REST -1 > 501
        REST 1.5 > 501
        REST 99999999999999999999 > 501
        RANG 2 5 > 350 | RETR file @ = 2345 > 226 | RETR file @ = 0123456789 > 226
        RANG 5 99 > 350 | RETR file @ = 56789 > 226
        RANG 20 30 > 350 | RETR file @ = > 554
        RANG 2 5 > 350 | RANG 1 0 > 350 | RETR file @ = 0123456789 > 226
        RANG 2 5 > 350 | STOR file @ abc > 503 | RETR file @ = 0123456789 > 226
        REST 4 > 350 | RANG 2 5 > 350 | RETR file @ = 2345 > 226
        RANG 5 3 > 501
        RANG 5 > 501
        RANG > 501
    ''',
    "names": r'''
        DELE file > 250 | SIZE file > 550
        DELE none > 550
        DELE dir > 550
        DELE / > 550
        DELE * > 550
        DELE file/x > 550
        DELE > 501
        MKD new > 257 ".*/new" | CWD new > 250 | PWD > 257 ".*/new"
        MKD with "quotes" > 257 ".*/with ""quotes"""
        MKD dir > 550
        MKD file > 550
        MKD file/x > 550
        MKD none/x > 550
        MKD . > 550
        MKD / > 550
        MKD {LONG} > 257
        MKD {LONG}n > 553
        MKD .weft-x > 553
        MKD > 501
        XMKD new > 257 | XCWD new > 250 | XPWD > 257 ".*/new" | XCUP > 250 | XRMD new > 250
        RMD dir > 250 | CWD dir > 550
        RMD full > 550
        RMD file > 550
        RMD none > 550
        RMD / > 550
        RMD > 501
        RNFR file > 350 | RNTO new > 250 | SIZE new > 213 10$ | SIZE file > 550
        RNFR file > 350 | RNTO dir/new > 250 | SIZE dir/new > 213 10$
        RNFR file > 350 | RNTO full/inside > 250 | SIZE full/inside > 213 10$
        RNFR file > 350 | RNTO file > 250 | SIZE file > 213 10$
        RNFR file > 350 | RNTO dir > 550 | SIZE file > 213 10$
        RNFR dir > 350 | RNTO new > 250 | CWD new > 250
        RNFR dir > 350 | RNTO dir/x > 553
        RNFR dir > 350 | RNTO file > 550
        RNFR file > 350 | RNTO none/x > 550
        RNFR file > 350 | RNTO {LONG}n > 553
        RNFR file > 350 | RNTO .weft-x > 553
        RNFR file > 350 | NOOP > 200 | RNTO new > 503 | SIZE file > 213 10$
        RNFR file > 350 | PASV > 227 | RNTO new > 503
        RNFR file > 350 | RNFR dir > 350 | RNTO new > 250 | SIZE file > 213 10$
        RNFR file > 350 | RNTO > 501 | RNTO new > 503
        RNFR none > 550 | RNTO new > 503
        RNFR / > 550
        RNFR > 501
        RNTO new > 503
        COMB all file full/inside > 250 | SIZE all > 213 1\d$ | SIZE file > 550
        COMB file full/inside > 250 | SIZE file > 213 1\d$
        COMB file none > 550 | SIZE file > 213 10$
        COMB file file > 501 | SIZE file > 213 10$
        COMB file dir > 550 | SIZE file > 213 10$
        COMB file > 501
        COMB > 501
    ''',
    "attributes": r'''
        MDTM file > 213 \d{{14}}$
        MDTM none > 550
        MDTM dir > 550
        MDTM > 501
        MDTM 20200102030405 file > 213 | MDTM file > 213 20200102030405$
        MDTM 20200102030405 none > 550
        MFMT 20200102030405 file > 213 Modify=20200102030405; file$ | MDTM file > 213 20200102030405$
        MFMT 20200102030405 dir > 213
        MFMT 19600102030405 file > 213 | MDTM file > 213 19600102030405$
        MFMT 20200229000000 file > 213 | MDTM file > 213 20200229000000$
        MFMT 20210229000000 file > 501
        MFMT 20201301000000 file > 501
        MFMT 2020 file > 501
        MFMT 20200102030405 none > 550
        MFMT 20200102030405 > 501
        MFMT > 501
        MFCT 20200102030405 file > 50[02]
        MFF Modify=20200102030405; file > 213 Modify=20200102030405; file$ | MDTM file > 213 20200102030405$
        MFF Modify=20200102030405;UNIX.mode=0600; file > 213 | MLST file > 250-(?s:.*)UNIX.mode=0600;
        MFF modify=20200102030405; file > 213
        MFF UNIX.mode=999; file > 501
        MFF Create=20200102030405; file > 504
        MFF Modify=2020; file > 501
        MFF Modify=20200102030405; none > 550
        MFF file > 501
        MFF > 501
        SITE CHMOD 600 file > 200 | MLST file > 250-(?s:.*)UNIX.mode=0600;
        SITE CHMOD 0644 file > 200
        SITE CHMOD 755 dir > 200
        SITE CHMOD 4755 file > 550
        SITE CHMOD 999 file > 501
        SITE CHMOD 644 none > 550
        SITE CHMOD 644 > 501
        site chmod 644 file > 200
        SITE UTIME 20200102030405 file > 200 | MDTM file > 213 20200102030405$
        SITE UTIME file 20200102030405 20200102030406 20200102030407 UTC > 200 | MDTM file > 213 20200102030406$
        SITE UTIME 2020 file > 501
        SITE UTIME 20200102030405 none > 550
        SITE HELP > 214
        SITE NONSENSE > 50[024]
        SITE > 501
        SIZE file > 213 10$
        SIZE dir > 550
        SIZE none > 550
        SIZE > 501
        TYPE A > 200 | SIZE file > 550
    ''',
    "digests": r'''
        HASH file > 213 SHA-256 0-9 84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882 file$
        OPTS HASH > 200 SHA-256$
        OPTS HASH MD5 > 200 MD5$ | HASH file > 213 MD5 0-9 781e5e245d69b566979b86e28d23f2c7 file$
        OPTS HASH ROT13 > 501 | OPTS HASH > 200 SHA-256$
        RANG 0 3 > 350 | HASH file > 213 SHA-256 0-3 1be2e452b46d7a0d9656bbb1f768e8248eba1b75baed65f5d99eafa948899a6a file$
        RANG 20 30 > 350 | HASH file > 554
        HASH none > 550
        HASH dir > 550
        HASH > 501
        XCRC file > 250 a684c7c6$
        XMD5 file > 250 781e5e245d69b566979b86e28d23f2c7$
        XSHA file > 250 87acec17cd9dcd20a716cc2cf67417b71c8a7016$
        XSHA1 file > 250 87acec17cd9dcd20a716cc2cf67417b71c8a7016$
        XSHA256 file > 250 84d89877f0d4041efb6bf91a16f0248f2fd573e6af05c19f96bedb9f882f7882$
        XSHA512 file > 250 bb96c2fc40d2d54617d6f276febe571f623a8dadf0b734855299b0e107fda32c
        XMD5 "file" > 250 781e5e245d69b566979b86e28d23f2c7$
        XMD5 "file" 0 4 > 250
        XMD5 file 5 3 > 501
        XMD5 file 100 200 > 554
        XCRC none > 550
        XCRC dir > 550
        XCRC > 501
    ''',
    "parameters": r'''
        TYPE A > 200
        TYPE A N > 200
        type i > 200
        TYPE L 8 > 200
        TYPE A T > 504
        TYPE E > 504
        TYPE L 7 > 504
        TYPE X > 501
        TYPE > 501
        MODE S > 200
        MODE Z > 200
        MODE B > 504
        MODE C > 504
        MODE X > 501
        STRU F > 200
        STRU R > 504
        STRU P > 504
        STRU > 501
        OPTS UTF8 ON > 200
        OPTS UTF8 OFF > 501
        OPTS MLST Type;Size; > 200 MLST OPTS Type;Size;$
        OPTS MODE Z LEVEL 6 > 200
        OPTS NONSENSE > 501
        OPTS > 501
        CLNT lftp > 200
        CLNT > 501
        CSID Name=lftp; > 200 .*Name=
        CSID > 501
        HOST example.com > 503
        LANG > 200
        LANG EN > 200
        LANG fr > 504
        TYPE A > 200 | STOR new @ a\r\nb\rc\r\n > 226 | TYPE I > 200 | RETR new @ = a\nb\rc\n > 226
        TYPE A > 200 | APPE new @ a\r\n > 226 | APPE new @ b\r\n > 226 | TYPE I > 200 | RETR new @ = a\nb\n > 226
        MODE Z > 200 | STOR new @ abc > 451 | MODE S > 200 | SIZE new > 550
        MODE Z > 200 | STOR new @z abc > 226 | RETR new @z = abc > 226 | MODE S > 200 | RETR new @ = abc > 226
        MODE Z > 200 | APPE file @z abc > 226 | MODE S > 200 | RETR file @ = 0123456789abc > 226
        MODE Z > 200 | REST 4 > 350 | STOR file @z abc > 226 | MODE S > 200 | RETR file @ = 0123abc > 226
        MODE Z > 200 | REST 4 > 350 | RETR file @z = 456789 > 226
    ''',
}


def prepare(folder):
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(os.path.join(folder, "dir"))
    os.makedirs(os.path.join(folder, "full"))
    for name, text in (("file", "0123456789"), ("full/inside", "inside")):
        with open(os.path.join(folder, name), "w") as file:
            file.write(text)


def said(attempt):
    try:
        return attempt()
    except ftplib.Error as error:
        return str(error)


def move(ftp, command, data, deflated):
    """A transfer: what came over its data connection, and the reply it ended with."""
    came = b""
    try:
        connection = ftp.transfercmd(command)
    except ftplib.Error as error:
        return came, str(error)
    with connection:
        if data is not None:
            connection.sendall(zlib.compress(data) if deflated else data)
        else:
            while some := connection.recv(65536):
                came += some
    return zlib.decompress(came) if deflated and data is None else came, said(ftp.voidresp)


def exact(text):
    return text.encode().decode("unicode_escape").encode("latin-1")


def step(ftp, text):
    text, expected = text.rsplit(" > ", 1)
    command, at, rest = re.fullmatch(r"(.*?)(?: (@z?)(?: (.*))?)?", text).groups()
    if at is None:
        reply = said(lambda: ftp.sendcmd(command))
    else:
        wanted = exact(rest[1:].strip()) if (rest or "").startswith("=") else None
        came, reply = move(ftp, command, None if wanted is not None else exact(rest or ""), at == "@z")
        assert wanted is None or not reply.startswith("226") or came == wanted, "%s brought %r" % (command, came)
    assert re.match(expected, reply), "%s was answered %r, not %s" % (command, reply, expected)


def converse(ftp, dialogue):
    prepare(os.path.join(HOME, "replies"))
    for command in ("TYPE I", "MODE S", "CWD /replies", "OPTS HASH SHA-256"):
        ftp.sendcmd(command)
    for text in dialogue.split(" | "):
        step(ftp, text)


failures = []
with ftplib.FTP(timeout=20) as ftp:
    ftp.connect(HOST, PORT)
    ftp.login("joe", PASSWORD)
    for dialogue in DIALOGUES[GROUP].format(LONG=LONG).strip().splitlines():
        try:
            converse(ftp, dialogue.strip())
        except AssertionError as failure:
            failures.append("%s\n    in: %s" % (failure, dialogue.strip()))
assert not failures, "\n" + "\n".join(failures)
