"""Python's FTP_TLS against a running server: each function is one case. Arguments: case, port, folder, TLS version."""
import ftplib
import io
import os
import socket
import ssl
import sys

case, port, root, version = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]


class Resuming(ftplib.FTP_TLS):
    """Resumes the control connection's session on data connections, as strict servers want."""

    def ntransfercmd(self, cmd, rest=None):
        conn, size = ftplib.FTP.ntransfercmd(self, cmd, rest)
        if self._prot_p:
            conn = self.context.wrap_socket(conn, server_hostname=self.host, session=self.sock.session)
        return conn, size


context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv1_" + version)


def connect(kind=ftplib.FTP_TLS):
    client = kind(context=context, timeout=20)
    client.connect("127.0.0.1", port)
    return client


def fetch(client, name, rest=None):
    got = io.BytesIO()
    client.retrbinary("RETR " + name, got.write, rest=rest)
    return got.getvalue()


def content(name):
    with open(os.path.join(root, name), "rb") as file:
        return file.read()


def everything(kind):
    client = connect(kind)
    client.login()
    client.prot_p()
    big = content("big.bin")
    for passive in (True, False):
        client.set_pasv(passive)
        assert fetch(client, "big.bin") == big
        assert fetch(client, "big.bin", rest=12345678) == big[12345678:]
        assert fetch(client, "empty") == b""
        assert len(client.nlst("many")) > 1000
        assert "big.bin" in dict(client.mlsd())
    client.prot_c()
    assert fetch(client, "text.txt") == content("text.txt")
    client.quit()


def fetches():
    everything(ftplib.FTP_TLS)


def resumes():
    everything(Resuming)


def must_resume():
    client = connect()
    client.login()
    client.prot_p()
    try:
        fetch(client, "text.txt")
        raise AssertionError("a session of its own was good enough")
    except (ftplib.Error, ssl.SSLError, OSError, EOFError) as error:
        assert not isinstance(error, AssertionError)
    client.close()
    everything(Resuming)
    # The session of another control connection is another session.
    other = connect()
    other.login()
    client = connect(Resuming)
    client.login()
    client.prot_p()
    own = client.sock
    conn, _ = ftplib.FTP.ntransfercmd(client, "RETR text.txt")
    try:
        conn = client.context.wrap_socket(conn, session=other.sock.session)
        conn.recv(10)
    except (ssl.SSLError, OSError):
        pass
    conn.close()
    try:
        client.voidresp()
        raise AssertionError("another's session was good enough")
    except ftplib.error_perm as error:
        assert str(error).startswith("522"), error
    assert client.sock is own
    assert fetch(client, "text.txt") == content("text.txt")
    client.quit()


def interrupts():
    client = connect()
    client.login()
    client.prot_p()
    conn = client.transfercmd("RETR big.bin")
    conn.recv(1000)
    client.putline("STAT")
    assert "bytes sent so far" in client.getmultiline()
    client.putline("ABOR")
    conn.close()
    replies = [client.getmultiline()[:3], client.getmultiline()[:3]]
    assert replies == ["426", "226"], replies
    assert fetch(client, "text.txt") == content("text.txt")
    client.sendcmd("REIN")
    try:
        client.sendcmd("PROT P")
        raise AssertionError("PROT needs its PBSZ after REIN")
    except ftplib.error_perm as error:
        assert str(error).startswith("503"), error
    client.login(secure=False)
    client.prot_p()
    assert fetch(client, "text.txt") == content("text.txt")
    client.quit()


def clears():
    client = connect()
    client.login()
    client.prot_p()
    big = content("big.bin")
    for times in range(2):
        assert client.ccc().startswith("200")
        assert client.pwd() == "/"
        for passive in (True, False):
            client.set_pasv(passive)
            assert fetch(client, "big.bin") == big
        assert "in clear; data connections protected" in client.sendcmd("STAT")
        for line in ("PROT C", "PBSZ 0"):
            try:
                client.sendcmd(line)
                raise AssertionError("what protects data can be changed in clear")
            except ftplib.error_perm as error:
                assert str(error).startswith("503"), error
        if times == 0:
            client.voidcmd("AUTH TLS")
            client.sock = context.wrap_socket(socket.socket(fileno=client.sock.detach()), server_hostname=client.host)
            client.file = client.sock.makefile(mode="r", encoding=client.encoding)
            client.login(secure=False)
            client.prot_p()
            assert fetch(client, "text.txt") == content("text.txt")
    client.quit()


globals()[case]()
