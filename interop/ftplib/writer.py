"""Stores sealed contents under a few names until the server is gone: writer.py PORT PASSWORD SEED.

A sealed content begins with the checksum of the rest, so that anybody can tell a whole one.
"""

import ftplib
import hashlib
import io
import random
import sys
import threading

PORT, PASSWORD, SEED = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
NAMES = ["one", "two", "three", "folder/four"]


def sealed(chance):
    body = chance.randbytes(chance.choice((0, 100, 5_000, 300_000, 2_000_000)))
    return hashlib.sha256(body).hexdigest().encode() + body


def write(number):
    chance = random.Random(SEED * 100 + number)
    try:
        ftp = ftplib.FTP(timeout=20)
        ftp.connect("127.0.0.1", PORT)
        ftp.login("joe", PASSWORD)
        print("writing", flush=True)
        while True:
            ftp.storbinary("STOR " + chance.choice(NAMES), io.BytesIO(sealed(chance)), blocksize=chance.choice((700, 65_536)))
    except (OSError, EOFError, ftplib.Error):
        return


threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
