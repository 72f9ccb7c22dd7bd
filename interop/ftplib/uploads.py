"""What Python's ftplib does to the server's files, a case a function: uploads.py NAME HOST PORT HOME PASSWORD."""

import binascii
import ftplib
import hashlib
import io
import os
import socket
import stat
import struct
import sys
import threading
import time
import zlib

HOST, PORT, HOME, PASSWORD = sys.argv[2], int(sys.argv[3]), sys.argv[4], sys.argv[5]
TIMEOUT = 20
BIG = os.urandom(3_000_000)


def connect(name="joe", password=PASSWORD):
    ftp = ftplib.FTP(timeout=TIMEOUT)
    ftp.connect(HOST, PORT)
    assert ftp.login(name, password).startswith("230 ")
    ftp.voidcmd("TYPE I")
    return ftp


def place(name):
    return os.path.join(HOME, name)


def stored(name):
    with open(place(name), "rb") as file:
        return file.read()


def store(ftp, name, data, command="STOR", rest=None):
    reply = ftp.storbinary("%s %s" % (command, name) if name else command, io.BytesIO(data), rest=rest)
    assert reply.startswith("226 "), reply


def fetched(ftp, name, **options):
    chunks = []
    assert ftp.retrbinary("RETR " + name, chunks.append, **options).startswith("226 ")
    return b"".join(chunks)


def refusal(expected, attempt):
    try:
        reply = attempt()
    except ftplib.Error as error:
        assert str(error).startswith(expected), "expected %s, not %s" % (expected, error)
        return str(error)
    raise AssertionError("expected a refusal with %s, not %r" % (expected, reply))


def fresh(folder):
    os.makedirs(place(folder), exist_ok=True)
    return folder


def nothing_hidden():
    left = [name for _, _, names in os.walk(HOME) for name in names if name.startswith(".weft-")]
    assert left == [], left


def eventually(holds):
    for _ in range(400):
        if holds():
            return
        time.sleep(0.025)
    raise AssertionError("it did not come to be")


def stores():
    ftp = connect()
    ftp.cwd(fresh("stores"))
    for size in (0, 1, 1023, 65_536, 1_000_001):
        store(ftp, "file.bin", BIG[:size])
        assert stored("stores/file.bin") == BIG[:size]
        assert ftp.size("file.bin") == size
    store(ftp, "file.bin", BIG[:10])
    store(ftp, "file.bin", BIG[10:2_000_000], command="APPE")
    assert stored("stores/file.bin") == BIG[:2_000_000]
    store(ftp, "file.bin", BIG[1_000_000:], rest=1_000_000)
    assert stored("stores/file.bin") == BIG
    store(ftp, "file.bin", b"xyz", rest=5)
    assert stored("stores/file.bin") == BIG[:5] + b"xyz"
    store(ftp, "new by appe", b"abc", command="APPE")
    assert stored("stores/new by appe") == b"abc"
    refusal("554 ", lambda: ftp.storbinary("STOR file.bin", io.BytesIO(b"x"), rest=9))
    refusal("550 ", lambda: ftp.storbinary("STOR missing/file.bin", io.BytesIO(b"x")))
    os.mkdir(place("stores/folder"))
    refusal("550 ", lambda: ftp.storbinary("STOR folder", io.BytesIO(b"x")))
    assert stored("stores/file.bin") == BIG[:5] + b"xyz"
    ftp.set_pasv(False)
    store(ftp, "active.bin", BIG)
    assert stored("stores/active.bin") == BIG
    assert stat.S_IMODE(os.stat(place("stores/active.bin")).st_mode) == 0o644
    os.chmod(place("stores/active.bin"), 0o600)
    store(ftp, "active.bin", b"short")
    assert stat.S_IMODE(os.stat(place("stores/active.bin")).st_mode) == 0o600
    for name in ('quo"te.txt', "gr\u00fc\u00dfe \u20ac.txt", "x" * 255, "-dash", "[a]*?", " leading and trailing "):
        store(ftp, name, name.encode())
        assert stored("stores/" + name) == name.encode()
        assert fetched(ftp, name) == name.encode()
    refusal("553 ", lambda: ftp.storbinary("STOR " + "x" * 256, io.BytesIO(b"x")))
    nothing_hidden()
    ftp.quit()


def text():
    ftp = connect()
    ftp.cwd(fresh("text"))
    assert ftp.storlines("STOR lines.txt", io.BytesIO(b"one\ntwo\n\nlast")).startswith("226 ")
    assert stored("text/lines.txt") == b"one\ntwo\n\nlast\n"
    ftp.voidcmd("TYPE A")
    with ftp.transfercmd("STOR split.txt") as data:
        for piece in (b"a\r", b"\nb\r", b"c\r\n", b"\r"):
            data.sendall(piece)
    assert ftp.voidresp().startswith("226 ")
    assert stored("text/split.txt") == b"a\nb\rc\n\r"
    ftp.quit()


def deflated():
    ftp = connect()
    ftp.cwd(fresh("deflated"))
    assert " MODE Z" in ftp.sendcmd("FEAT").split("\n")
    assert ftp.sendcmd("MODE Z").startswith("200 ")
    content = b"to be compressed, " * 100_000 + BIG
    with ftp.transfercmd("STOR z.bin") as data:
        data.sendall(zlib.compress(content))
    assert ftp.voidresp().startswith("226 ")
    assert stored("deflated/z.bin") == content
    with ftp.transfercmd("RETR z.bin") as data:
        wire = data.makefile("rb").read()
    assert ftp.voidresp().startswith("226 ")
    assert zlib.decompress(wire) == content and len(wire) < len(content)
    with ftp.transfercmd("MLSD") as data:
        listing = zlib.decompress(data.makefile("rb").read())
    assert ftp.voidresp().startswith("226 ")
    assert b" z.bin\r\n" in listing, listing
    with ftp.transfercmd("STOR z.bin") as data:
        data.sendall(b"this was never deflated")
    refusal("4", ftp.voidresp)
    with ftp.transfercmd("STOR z.bin") as data:
        data.sendall(zlib.compress(content)[:-1000])
    refusal("4", ftp.voidresp)
    with ftp.transfercmd("STOR bomb") as data:
        try:
            data.sendall(zlib.compress(b"\0" * 300_000_000, 9))
        except OSError:
            pass
    refusal("552 ", ftp.voidresp)
    assert stored("deflated/z.bin") == content
    assert os.listdir(place("deflated")) == ["z.bin"]
    assert ftp.sendcmd("MODE S").startswith("200 ")
    assert fetched(ftp, "z.bin") == content
    ftp.quit()


def unique():
    ftp = connect()
    ftp.cwd(fresh("unique"))
    names = []
    for command, start in (("STOU", ""), ("STOU", ""), ("STOU named.txt", "named.txt"), ("STOU named.txt", "named.txt")):
        ftp.putcmd("EPSV")
        port = ftplib.parse229(ftp.getresp(), ftp.sock.getpeername())[1]
        data = socket.create_connection((HOST, port), TIMEOUT)
        opening = ftp.sendcmd(command)
        assert opening.startswith("150 FILE: "), opening
        name = opening[len("150 FILE: "):]
        assert name.startswith(start), name
        data.sendall(command.encode())
        data.close()
        assert ftp.voidresp().startswith("226 ")
        assert stored("unique/" + name) == command.encode()
        names.append(name)
    assert len(set(names)) == 4, names
    ftp.quit()


def changes():
    ftp = connect()
    ftp.cwd(fresh("changes"))
    assert ftp.mkd("made") == "/changes/made"
    assert ftp.mkd('quo"ted') == '/changes/quo"ted'
    assert os.path.isdir(place('changes/quo"ted'))
    assert ftp.sendcmd("XMKD xmade").startswith("257 ")
    refusal("550 ", lambda: ftp.mkd("made"))
    refusal("550 ", lambda: ftp.mkd("no/such/parent"))
    store(ftp, "made/inside", b"1")
    refusal("550 ", lambda: ftp.rmd("made"))
    refusal("550 ", lambda: ftp.delete("made"))
    refusal("550 ", lambda: ftp.rmd("made/inside"))
    assert ftp.rename("made/inside", "moved").startswith("250 ")
    assert stored("changes/moved") == b"1"
    assert ftp.rmd("made").startswith("250 ")
    assert not os.path.exists(place("changes/made"))
    refusal("550 ", lambda: ftp.rename("missing", "x"))
    refusal("503 ", lambda: ftp.sendcmd("RNTO x"))
    assert ftp.sendcmd("RNFR moved").startswith("350 ")
    ftp.voidcmd("NOOP")
    refusal("503 ", lambda: ftp.sendcmd("RNTO x"))
    store(ftp, "taken", b"old")
    assert ftp.rename("moved", "taken").startswith("250 ")
    assert stored("changes/taken") == b"1"
    assert ftp.rename("xmade", "folder").startswith("250 ")
    refusal("550 ", lambda: ftp.rename("taken", "folder"))
    refusal("553 ", lambda: ftp.rename("folder", "folder/below"))
    assert ftp.delete("taken").startswith("250 ")
    refusal("550 ", lambda: ftp.delete("taken"))
    os.symlink("/etc/hostname", place("changes/link"))
    assert ftp.delete("link").startswith("250 ")
    assert not os.path.lexists(place("changes/link")) and os.path.exists("/etc/hostname")
    for name, data in (("a", b"AA"), ("b c", b"BB"), ("d", b"DD")):
        store(ftp, name, data)
    assert ftp.sendcmd('COMB "all" "a" "b c" "d"').startswith("250 ")
    assert stored("changes/all") == b"AABBDD"
    assert sorted(os.listdir(place("changes"))) == ["all", "folder", 'quo"ted']
    other = connect()
    assert ftp.sendcmd("RNFR all").startswith("350 ")
    refusal("503 ", lambda: other.sendcmd("RNTO x"))
    other.quit()
    ftp.quit()


def attributes():
    ftp = connect()
    ftp.cwd(fresh("attributes"))
    store(ftp, "a file", b"1")

    def modified():
        return int(os.stat(place("attributes/a file")).st_mtime)

    assert ftp.sendcmd("MFMT 20190102030405 a file") == "213 Modify=20190102030405; a file"
    assert modified() == 1546398245
    assert ftp.sendcmd("MDTM a file") == "213 20190102030405"
    assert ftp.sendcmd("MDTM 20200102030405 a file").startswith("213 ")
    assert modified() == 1577934245
    assert ftp.sendcmd("SITE UTIME 20190102030405 a file")[0] == "2"
    assert modified() == 1546398245
    assert ftp.sendcmd("SITE UTIME a file 20180101000000 20200102030405 20180101000000 UTC")[0] == "2"
    assert modified() == 1577934245
    assert ftp.sendcmd("SITE CHMOD 640 a file").startswith("200 ")
    assert stat.S_IMODE(os.stat(place("attributes/a file")).st_mode) == 0o640
    reply = ftp.sendcmd("MFF Modify=20190102030405;UNIX.mode=600; a file")
    assert reply.startswith("213 ") and reply.endswith("; a file"), reply
    assert modified() == 1546398245 and stat.S_IMODE(os.stat(place("attributes/a file")).st_mode) == 0o600
    refusal("550 ", lambda: ftp.sendcmd("MFMT 20190102030405 missing"))
    refusal("501 ", lambda: ftp.sendcmd("MFMT 20191302030405 a file"))
    refusal("50", lambda: ftp.sendcmd("SITE CHMOD 999 a file"))
    assert "CHMOD" in ftp.sendcmd("SITE HELP")
    ftp.quit()


def digests():
    ftp = connect()
    ftp.cwd(fresh("digests"))
    store(ftp, "a file", BIG)
    features = ftp.sendcmd("FEAT").split("\n")
    assert any(line.startswith(" HASH ") and "SHA-256*" in line for line in features), features
    whole = hashlib.sha256(BIG).hexdigest()
    reply = ftp.sendcmd("HASH a file")
    assert reply == "213 SHA-256 0-%d %s a file" % (len(BIG) - 1, whole) or reply == "213 SHA-256 0-%d %s a file" % (
        len(BIG),
        whole,
    ), reply
    assert ftp.sendcmd("OPTS HASH SHA-1").startswith("200 ")
    assert hashlib.sha1(BIG).hexdigest() in ftp.sendcmd("HASH a file")
    assert ftp.sendcmd("RANG 10 19").startswith("350 ")
    assert hashlib.sha1(BIG[10:20]).hexdigest() in ftp.sendcmd("HASH a file")
    assert hashlib.sha1(BIG).hexdigest() in ftp.sendcmd("HASH a file")
    crc = "%08x" % (binascii.crc32(BIG) & 0xFFFFFFFF)
    for verb, expected in (
        ("XCRC", crc),
        ("XMD5", hashlib.md5(BIG).hexdigest()),
        ("XSHA1", hashlib.sha1(BIG).hexdigest()),
        ("XSHA256", whole),
        ("XSHA512", hashlib.sha512(BIG).hexdigest()),
    ):
        reply = ftp.sendcmd(verb + " a file")
        assert reply.startswith("250 ") and reply[4:].lower() == expected, (verb, reply)
    part = "%08x" % (binascii.crc32(BIG[100:200]) & 0xFFFFFFFF)
    assert ftp.sendcmd('XCRC "a file" 100 200')[4:].lower() == part
    refusal("550 ", lambda: ftp.sendcmd("HASH missing"))
    refusal("501 ", lambda: ftp.sendcmd("OPTS HASH NONSENSE"))
    ftp.quit()


def room():
    ftp = connect()
    available = ftp.sendcmd("AVBL")
    assert available.startswith("213 ") and int(available[4:]) > 0, available
    assert ftp.sendcmd("ALLO 1000")[0] == "2"
    refusal("4", lambda: ftp.sendcmd("ALLO 999999999999999"))
    assert ftp.sendcmd("SITE QUOTA")[0] == "2"
    ftp.quit()


def introductions():
    ftp = ftplib.FTP(timeout=TIMEOUT)
    ftp.connect(HOST, PORT)
    assert ftp.sendcmd("HOST ftp.example.com").startswith("220 ")
    assert ftp.sendcmd("CLNT uploads.py").startswith("200 ")
    ftp.login("joe", PASSWORD)
    refusal("503 ", lambda: ftp.sendcmd("HOST ftp.example.com"))
    assert ftp.sendcmd("CSID Name=uploads.py; Version=1;").startswith("200 ")
    assert ftp.sendcmd("LANG").startswith("200 ")
    assert ftp.sendcmd("LANG en").startswith("200 ")
    refusal("504 ", lambda: ftp.sendcmd("LANG tlh"))
    ftp.quit()


def traversal():
    outside = os.path.join(os.path.dirname(HOME), "outside")
    os.makedirs(outside, exist_ok=True)
    with open(os.path.join(outside, "secret"), "w") as file:
        file.write("secret")
    fresh("traversal")
    for name, target in (("out", outside), ("relative out", "../../outside"), ("file out", outside + "/secret")):
        if not os.path.lexists(place("traversal/" + name)):
            os.symlink(target, place("traversal/" + name))
    before = sorted(os.listdir(outside))
    ftp = connect()
    ftp.cwd("traversal")
    for way in ("out", "relative out", "../../../../../../../../" + outside, "../../outside"):
        refusal("55", lambda: ftp.storbinary("STOR %s/new" % way, io.BytesIO(b"x")))
        refusal("55", lambda: ftp.storbinary("APPE %s/secret" % way, io.BytesIO(b"x")))
        refusal("55", lambda: ftp.delete("%s/secret" % way))
        refusal("55", lambda: ftp.mkd("%s/new" % way))
        refusal("55", lambda: ftp.rmd("%s/" % way) if way.startswith("..") else ftp.rmd("%s/x" % way))
        refusal("55", lambda: ftp.rename("%s/secret" % way, "mine"))
        refusal("55", lambda: ftp.sendcmd("MFMT 20190102030405 %s/secret" % way))
        refusal("55", lambda: ftp.sendcmd("SITE CHMOD 777 %s/secret" % way))
        refusal("55", lambda: ftp.sendcmd("HASH %s/secret" % way))
        store(ftp, "mine", b"1")
        refusal("55", lambda: ftp.rename("mine", "%s/mine" % way))
        assert ftp.delete("mine").startswith("250 ")
    refusal("55", lambda: ftp.storbinary("STOR file out", io.BytesIO(b"x")))
    refusal("55", lambda: ftp.sendcmd("SITE CHMOD 777 file out"))
    for name in (".weft-upload-x", ".weft-partial-x", ".WEFT-x", "sub/.weft-x/y"):
        refusal("55", lambda: ftp.storbinary("STOR " + name, io.BytesIO(b"x")))
        refusal("55", lambda: ftp.mkd(name))
        refusal("55", lambda: fetched(ftp, name))
        refusal("55", lambda: ftp.delete(name))
    refusal("5", lambda: ftp.sendcmd("MKD a\0b"))
    assert sorted(os.listdir(outside)) == before
    with open(os.path.join(outside, "secret")) as file:
        assert file.read() == "secret"
    ftp.quit()


def cut():
    ftp = connect()
    ftp.cwd(fresh("cut"))
    store(ftp, "old", b"old content")
    for name in ("old", "new"):
        # ABOR in mid-upload.
        data = ftp.transfercmd("STOR " + name)
        data.sendall(BIG[:500_000])
        assert not os.path.exists(place("cut/new")) and stored("cut/old") == b"old content"
        reply = ftp.abort()
        data.close()
        assert reply[:3] in ("426", "226"), reply
        if reply.startswith("426"):
            assert ftp.getresp().startswith("226 ")
        # A reset of the data connection.
        data = ftp.transfercmd("STOR " + name)
        data.sendall(BIG[:500_000])
        data.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        data.close()
        refusal("426 ", ftp.voidresp)
        # The whole client gone.
        other = connect()
        data = other.transfercmd("STOR cut/" + name)
        data.sendall(BIG[:500_000])
        for connection in (other.sock, data):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            connection.close()
    eventually(lambda: os.listdir(place("cut")) == ["old"])
    assert stored("cut/old") == b"old content"
    assert ftp.nlst() == ["old"]
    ftp.voidcmd("TYPE I")
    refusal("550 ", lambda: ftp.size("new"))
    # Heard while an upload runs.
    data = ftp.transfercmd("STOR new")
    data.sendall(BIG[:100_000])
    assert ftp.sendcmd("NOOP").startswith("200 ")
    assert ftp.sendcmd("STAT").startswith("211-")
    data.sendall(BIG[100_000:])
    data.close()
    assert ftp.voidresp().startswith("226 ")
    assert stored("cut/new") == BIG
    ftp.quit()


def rivals():
    fresh("rivals")
    contents = [bytes([65 + number]) * (400_000 + number * 1000) for number in range(6)]

    def write(content):
        ftp = connect()
        for _ in range(5):
            store(ftp, "rivals/prize", content)
        ftp.quit()

    failures = []

    def guarded(content):
        try:
            write(content)
        except BaseException as error:
            failures.append(repr(error))

    threads = [threading.Thread(target=guarded, args=(content,)) for content in contents]
    for thread in threads:
        thread.start()
    reader = connect()
    while any(thread.is_alive() for thread in threads):
        try:
            assert fetched(reader, "rivals/prize") in contents
        except ftplib.error_perm as error:
            assert str(error).startswith("550 "), error
    for thread in threads:
        thread.join()
    assert not failures, failures
    assert stored("rivals/prize") in contents
    assert os.listdir(place("rivals")) == ["prize"]
    reader.quit()


def read_only():
    ftp = connect("ro")
    home = os.path.join(os.path.dirname(HOME), "ro")
    with open(os.path.join(home, "file"), "w") as file:
        file.write("there")
    assert fetched(ftp, "file") == b"there"
    assert ftp.nlst() == ["file"]
    for attempt in (
        lambda: ftp.storbinary("STOR new", io.BytesIO(b"x")),
        lambda: ftp.storbinary("STOR file", io.BytesIO(b"x")),
        lambda: ftp.storbinary("APPE file", io.BytesIO(b"x")),
        lambda: ftp.storbinary("STOU", io.BytesIO(b"x")),
        lambda: ftp.delete("file"),
        lambda: ftp.mkd("folder"),
        lambda: ftp.rmd("folder"),
        lambda: ftp.rename("file", "other"),
        lambda: ftp.sendcmd("MFMT 20190102030405 file"),
        lambda: ftp.sendcmd("MDTM 20190102030405 file"),
        lambda: ftp.sendcmd("MFF UNIX.mode=777; file"),
        lambda: ftp.sendcmd("SITE CHMOD 777 file"),
        lambda: ftp.sendcmd("SITE UTIME 20190102030405 file"),
        lambda: ftp.sendcmd("COMB file file"),
    ):
        refusal("550 ", attempt)
    assert os.listdir(home) == ["file"]
    assert fetched(ftp, "file") == b"there"
    ftp.quit()


def strangers():
    for name, password in (("joe", "wrong"), ("nobody", PASSWORD), ("joe", ""), ("JOE", PASSWORD)):
        ftp = ftplib.FTP(timeout=TIMEOUT)
        ftp.connect(HOST, PORT)
        refusal("530 ", lambda: ftp.login(name, password) if password else ftp.sendcmd("USER joe") and ftp.sendcmd("PASS"))
        refusal("530 ", ftp.pwd)
        ftp.quit()
    connect().quit()


globals()[sys.argv[1]]()
