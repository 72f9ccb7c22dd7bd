"""Python's FTP_TLS storing files. Arguments: port, folder of the account, password, TLS version."""
import ftplib
import io
import os
import ssl
import sys
import zlib

port, home, password, version = int(sys.argv[1]), sys.argv[2], sys.argv[3], sys.argv[4]
big = os.urandom(20 * 1024 * 1024)

context = ssl.create_default_context()
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv1_" + version)

client = ftplib.FTP_TLS(context=context, timeout=20, encoding="utf-8")
client.connect("127.0.0.1", port)
client.login("joe", password)
client.prot_p()


def stored(name):
    with open(os.path.join(home, name), "rb") as file:
        return file.read()


def store(command, data, rest=None):
    reply = client.storbinary(command, io.BytesIO(data), blocksize=65536, rest=rest)
    assert reply.startswith("226 "), reply


for passive in (True, False):
    client.set_pasv(passive)
    name = "ftplib-%s-%s" % (version, passive)
    store("STOR " + name, big)
    assert stored(name) == big
    store("APPE " + name, b"more")
    assert stored(name) == big + b"more"
    store("STOR " + name, b"0123", rest=10)
    assert stored(name) == big[:10] + b"0123"
    store("STOR " + name, b"")
    assert stored(name) == b""
    before = set(os.listdir(home))
    store("STOU", b"unique")
    (new,) = set(os.listdir(home)) - before
    assert stored(new) == b"unique"
    client.sendcmd("MODE Z")
    store("STOR " + name, zlib.compress(big, 1))
    client.sendcmd("MODE S")
    assert stored(name) == big
    os.remove(os.path.join(home, name))
client.quit()
