"""What Python's ftplib does with the server, a case a function: cases.py NAME HOST PORT FOLDER."""

import ftplib
import hashlib
import os
import socket
import sys
import threading

HOST, PORT, FOLDER = sys.argv[2], int(sys.argv[3]), sys.argv[4]
TEXT = open(os.path.join(FOLDER, "text.txt"), "rb").read()
TIMEOUT = 20


def digest(data):
    return hashlib.sha256(data).hexdigest()


def stored(name):
    with open(os.path.join(FOLDER, name), "rb") as file:
        return file.read()


def connect(encoding="utf-8", passive=True):
    ftp = ftplib.FTP(timeout=TIMEOUT, encoding=encoding)
    ftp.connect(HOST, PORT)
    assert ftp.af == (socket.AF_INET6 if ":" in HOST else socket.AF_INET)
    assert ftp.login().startswith("230 ")
    ftp.set_pasv(passive)
    return ftp


def fetched(ftp, name, rest=None):
    chunks = []
    assert ftp.retrbinary("RETR " + name, chunks.append, rest=rest).startswith("226 ")
    return b"".join(chunks)


def lines(ftp, command):
    found = []
    ftp.retrlines(command, found.append)
    return found


def many_names():
    return ["file-%04d.dat" % number for number in range(2000)]


def transfers(passive):
    ftp = connect(passive=passive)
    assert ftp.getwelcome().startswith("220 ")
    assert digest(fetched(ftp, "big.bin")) == digest(stored("big.bin"))
    assert fetched(ftp, "empty") == b""
    assert fetched(ftp, "big.bin", rest=20_000_000) == stored("big.bin")[20_000_000:]
    assert fetched(ftp, "big.bin", rest=len(stored("big.bin"))) == b""
    assert fetched(ftp, "text.txt") == TEXT
    assert ftp.nlst("many") == ["many/" + name for name in many_names()]
    assert [name for name, _ in ftp.mlsd("many")] == many_names()
    assert len(lines(ftp, "LIST many")) == 2000
    assert ftp.quit().startswith("221 ")


def passive():
    transfers(True)


def active():
    transfers(False)


def text():
    ftp = connect()
    assert lines(ftp, "RETR text.txt") == TEXT.decode().splitlines()
    ftp.voidcmd("TYPE A")
    with ftp.transfercmd("RETR text.txt") as data:
        wire = data.makefile("rb").read()
    ftp.voidresp()
    assert wire == TEXT.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"), wire
    with ftp.transfercmd("RETR text.txt", rest=20) as data:
        assert data.makefile("rb").read() == wire[20:]
    ftp.voidresp()
    ftp.quit()


def listings():
    ftp = connect()
    assert ftp.nlst("deep/one/*.bin") == ["deep/one/leaf %d.bin" % number for number in range(3)]
    assert ftp.nlst("text.txt") == ["text.txt"]
    assert ftp.nlst("deep/one/leaf 0.bin") == ["deep/one/leaf 0.bin"]
    shown = []
    ftp.dir("-la", "deep", shown.append)
    assert len(shown) == 5
    assert shown[3].startswith("lrwxrwxrwx") and shown[3].endswith(" link to text -> ../text.txt"), shown
    assert shown[4].startswith("drwxr-xr-x") and shown[4].endswith(" one"), shown
    facts = dict(ftp.mlsd(""))
    assert facts["text.txt"]["type"] == "file" and facts["text.txt"]["size"] == "57"
    assert facts["text.txt"]["modify"] == "20210304050607"
    assert facts["deep"]["type"] == "dir" and "size" not in facts["deep"]
    few = dict(ftp.mlsd("", facts=["type", "size"]))
    assert few["text.txt"] == {"type": "file", "size": "57"}, few
    ftp.quit()


def questions():
    ftp = connect()
    assert ftp.pwd() == "/"
    assert ftp.cwd("deep/one").startswith("250 ")
    assert ftp.pwd() == "/deep/one"
    assert ftp.cwd("..").startswith("250 ")
    assert ftp.pwd() == "/deep"
    assert ftp.cwd("/../..").startswith("250 ")
    assert ftp.pwd() == "/"
    ftp.voidcmd("TYPE I")
    assert ftp.size("big.bin") == 20 * 1024 * 1024
    assert ftp.voidcmd("MDTM text.txt") == "213 20210304050607"
    assert ftp.sendcmd("SYST") == "215 UNIX Type: L8"
    assert ftp.sendcmd("NOOP").startswith("200 ")
    assert " REST STREAM" in ftp.sendcmd("FEAT").split("\n")
    assert ftp.sendcmd("STAT").startswith("211-")
    assert ftp.sendcmd("STAT deep").startswith("213-")
    assert ftp.sendcmd("HELP").startswith("214-")
    assert ftp.sendcmd("MLST text.txt").split("\n")[1].endswith(" /text.txt")
    ftp.quit()


def odd_names():
    for encoding in ("utf-8", "latin-1"):
        ftp = connect(encoding=encoding)
        ftp.cwd("odd")
        expected = {name.decode(encoding, "replace"): name for name in os.listdir(os.fsencode(FOLDER) + b"/odd")}
        if encoding == "utf-8":
            expected.pop("caf\ufffd.txt")
            ftp.encoding = "latin-1"
            names = [name.encode("latin-1") for name in ftp.nlst()]
            assert sorted(names) == sorted(os.listdir(os.fsencode(FOLDER) + b"/odd")), names
            ftp.encoding = encoding
        else:
            assert sorted(name for name, _ in ftp.mlsd()) == sorted(expected)
        for name, raw in expected.items():
            with open(os.fsencode(FOLDER) + b"/odd/" + raw, "rb") as file:
                assert fetched(ftp, name) == file.read(), name
        ftp.quit()


def aborts():
    ftp = connect()
    for _ in range(3):
        ftp.voidcmd("TYPE I")
        data = ftp.transfercmd("RETR big.bin")
        assert len(data.recv(1000)) > 0
        reply = ftp.abort()
        data.close()
        assert reply[:3] in ("426", "225", "226"), reply
        if reply.startswith("426"):
            assert ftp.getresp().startswith("226 ")
        assert fetched(ftp, "text.txt") == TEXT
    assert ftp.abort()[:3] in ("225", "226")
    assert fetched(ftp, "text.txt") == TEXT
    ftp.quit()


def closes_data():
    ftp = connect()
    for _ in range(3):
        ftp.voidcmd("TYPE I")
        data = ftp.transfercmd("RETR big.bin")
        assert len(data.recv(1000)) > 0
        data.close()
        try:
            ftp.voidresp()
            raise AssertionError("a broken transfer was called complete")
        except ftplib.error_temp as error:
            assert str(error)[:3] == "426", error
        assert fetched(ftp, "text.txt") == TEXT
    ftp.quit()


def interleaves():
    ftp = connect()
    ftp.voidcmd("TYPE I")
    data, size = ftp.ntransfercmd("RETR big.bin")
    assert size == 20 * 1024 * 1024
    first = data.recv(1000)
    assert ftp.sendcmd("NOOP").startswith("200 ")
    status = ftp.sendcmd("STAT")
    assert status.startswith("211-") and "sent so far" in status, status
    rest = data.makefile("rb").read()
    data.close()
    assert ftp.voidresp().startswith("226 ")
    assert digest(first + rest) == digest(stored("big.bin"))
    data = ftp.transfercmd("RETR big.bin")
    ftp.putcmd("PWD")
    ftp.putcmd("QUIT")
    assert len(data.makefile("rb").read()) == size
    data.close()
    assert [ftp.getresp()[:3] for _ in range(3)] == ["226", "257", "221"]
    assert ftp.file.read() == ""
    ftp.close()


def refusal(expected, attempt):
    try:
        attempt()
    except ftplib.error_perm as error:
        assert str(error).startswith(expected), error
        return
    raise AssertionError("expected a refusal with " + expected)


def refusals():
    ftp = connect()
    refusal("550 ", lambda: fetched(ftp, "missing.txt"))
    refusal("550 ", lambda: fetched(ftp, "deep"))
    refusal("550 ", lambda: fetched(ftp, "way out"))
    refusal("550 ", lambda: fetched(ftp, "/../../../etc/passwd"))
    refusal("550 ", lambda: ftp.cwd("nowhere"))
    refusal("550 ", lambda: ftp.cwd("text.txt"))
    refusal("550 ", lambda: ftp.size("missing.txt"))
    refusal("550 ", lambda: ftp.nlst("missing"))
    refusal("501 ", lambda: list(ftp.mlsd("text.txt")))
    refusal("554 ", lambda: fetched(ftp, "text.txt", rest=58))
    refusal("550 ", lambda: ftp.storbinary("STOR new.txt", open(__file__, "rb")))
    refusal("550 ", lambda: ftp.storlines("APPE text.txt", open(__file__, "rb")))
    refusal("550 ", lambda: ftp.delete("text.txt"))
    refusal("550 ", lambda: ftp.mkd("new"))
    refusal("550 ", lambda: ftp.rmd("deep"))
    refusal("550 ", lambda: ftp.rename("text.txt", "new.txt"))
    refusal("500 ", lambda: ftp.sendcmd("XYZZY"))
    refusal("502 ", lambda: ftp.sendcmd("AUTH TLS"))
    refusal("501 ", lambda: ftp.sendcmd("RETR"))
    refusal("504 ", lambda: ftp.sendcmd("MODE B"))
    refusal("522 ", lambda: ftp.sendcmd("EPRT |7|127.0.0.1|2000|"))
    refusal("504 ", lambda: ftp.sendcmd("EPRT |1|203.0.113.7|2000|"))
    assert fetched(ftp, "text.txt") == TEXT
    ftp.quit()
    stranger = ftplib.FTP(timeout=TIMEOUT)
    stranger.connect(HOST, PORT)
    refusal("530 ", lambda: stranger.retrbinary("RETR text.txt", len))
    refusal("530 ", lambda: stranger.pwd())
    refusal("503 ", lambda: stranger.sendcmd("PASS x"))
    stranger.quit()


def crowd():
    """Three hundred sessions at once, and nobody else finds room; each fetches a file while all the others do."""
    size = 300
    expected = digest(stored("piece.bin"))
    failures = []

    def turned_away():
        try:
            connect()
        except ftplib.error_temp as error:
            assert str(error).startswith("421 "), error
            return
        raise AssertionError("there was room for one more")

    inside = threading.Barrier(size, action=turned_away, timeout=TIMEOUT)
    served = threading.Barrier(size, timeout=TIMEOUT)

    def visitor(number):
        try:
            ftp = connect(passive=number % 3 != 0)
            inside.wait()
            assert digest(fetched(ftp, "piece.bin")) == expected
            served.wait()
            ftp.quit()
        except threading.BrokenBarrierError:
            failures.append("others failed")
        except BaseException as error:
            failures.insert(0, "%d: %r" % (number, error))
            inside.abort()
            served.abort()

    threads = [threading.Thread(target=visitor, args=(number,)) for number in range(size)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures, failures[:5]


globals()[sys.argv[1]]()
