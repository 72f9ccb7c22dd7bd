"""Sits at a terminal and runs weft account, a case a function: account.py NAME NODE MAIN FILE."""

import base64
import hashlib
import os
import pty
import re
import select
import signal
import sys

NODE, MAIN, FILE = sys.argv[2:5]
PASSWORD = "pass word '\"$ü"
PATIENCE = 30


class Terminal:
    """A program at a terminal of its own."""

    def __init__(self, *words):
        self.shown = ""
        self.pid, self.screen = pty.fork()
        if self.pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(NODE, [NODE, MAIN, "account", *words, "--accounts", FILE])

    def read(self):
        ready, _, _ = select.select([self.screen], [], [], PATIENCE)
        assert ready, "nothing more came after %r" % self.shown
        try:
            some = os.read(self.screen, 4096)
        except OSError:
            some = b""
        self.shown += some.decode()
        return some != b""

    def wait_for(self, text):
        while text not in self.shown:
            assert self.read(), "it ended after %r" % self.shown
        self.shown = self.shown.split(text, 1)[1]

    def type(self, text):
        os.write(self.screen, text.encode())

    def answer(self, question, password):
        self.wait_for(question)
        self.type(password + "\r")

    def end(self):
        """What was shown in the end, and the exit code."""
        while self.read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self.screen)
        return self.shown, os.waitstatus_to_exitcode(status)


def content():
    with open(FILE) as file:
        return file.read()


def opens(password):
    """Whether the hash in the file is that of the password (RFC 7914)."""
    ln, r, p, salt, digest = re.search(r"\$scrypt\$ln=(\d+),r=(\d+),p=(\d+)\$([^$]+)\$(\S+)", content()).groups()
    salt, digest = (base64.b64decode(text + "=" * (-len(text) % 4)) for text in (salt, digest))
    n = 2 ** int(ln)
    found = hashlib.scrypt(password.encode(), salt=salt, n=n, r=int(r), p=int(p), maxmem=2**27, dklen=len(digest))
    return found == digest


def asks_twice():
    terminal = Terminal("add", "ann", "--permissions", "read-write")
    terminal.answer("Password for ann", PASSWORD)
    terminal.answer("The same again", PASSWORD)
    shown, code = terminal.end()
    assert code == 0 and "account ann added" in shown, (shown, code)
    assert opens(PASSWORD) and PASSWORD not in content()
    assert os.stat(FILE).st_mode & 0o777 == 0o600


def shows_nothing():
    terminal = Terminal("passwd", "ann")
    terminal.wait_for("Password for ann")
    seen = terminal.shown
    for letter in "tell-tale":
        terminal.type(letter)
    terminal.type("\r")
    terminal.answer("The same again", "tell-tale")
    shown, code = terminal.end()
    assert code == 0, (shown, code)
    assert "tell" not in seen + shown, shown
    assert opens("tell-tale")


def differs():
    before = content()
    terminal = Terminal("passwd", "ann")
    terminal.answer("Password for ann", "one")
    terminal.answer("The same again", "other")
    shown, code = terminal.end()
    assert code == 1 and "the two passwords are not the same" in shown, (shown, code)
    assert content() == before


def is_empty():
    before = content()
    terminal = Terminal("passwd", "ann")
    terminal.answer("Password for ann", "")
    shown, code = terminal.end()
    assert code == 1 and "the password is empty" in shown, (shown, code)
    assert content() == before


def is_left():
    before = content()
    for key in ("\x03", "\x04"):
        terminal = Terminal("passwd", "ann")
        terminal.wait_for("Password for ann")
        terminal.type("some" + key)
        shown, code = terminal.end()
        assert code != 0, (shown, code)
        assert "some" not in shown, shown
    assert content() == before


signal.alarm(110)
globals()[sys.argv[1]]()
