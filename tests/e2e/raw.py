"""raw.py BATCH OUT [SCRIPT]: commands in terminals of their own, one after the other. BATCH holds for each the exit status and
the text that are expected (empty: any) and its words, a NUL behind each, and the word "\\1". All bytes that they wrote go
to OUT. Says what of FORBIDDEN, which the names of the test hold, reached a terminal, and fails then, or when one wrote
nothing, not what is expected, or does not end.

SCRIPT is what is typed, a line at a time, as KEYS or KEYS => TEXT (with \\t, \\n, \\x1b...). A line is typed when the one
before was answered: by its TEXT, which must come, or else by something and a moment of quiet; the first one when the
program has shown something. When the script is at its end, the terminal is closed, and the program must end of that.
"""
import codecs
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

FORBIDDEN = [
    b"\x1b[31mred", b"\x1b]0;owned", b"nl\nx", b"nl\r\nx", b"cr\rx", b"bs\x08x", b"del\x7f", b"\xc2\x9b", b"byte\x9b",
    b"\xe2\x80\xae", b"\xd8\x9c", b"\xc2\xad", b"\xf3\xa0\x81\x81", b"\xe2\x81\xa6", b"\xe2\x80\x8b", b"joiner\xe2\x80\x8d",
]
if os.environ.get("LINES_MAY"):    # print, and Lua's own messages, write the line feeds of a text
    FORBIDDEN = [bad for bad in FORBIDDEN if not bad.endswith(b"\nx")]

QUIET, PATIENCE = 0.25, 60    # seconds


class Failed(Exception):
    pass


class Terminal:
    """A command in a terminal of its own; pieces is all that it wrote, alive whether it still may."""

    def __init__(self, command):
        self.command, self.pieces, self.alive = command, [], True
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            os.execvp(command[0], command)
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))

    def read(self, seconds):
        """What it writes within that time, or nothing."""
        if not self.alive or not select.select([self.master], [], [], seconds)[0]:
            return b""
        try:
            data = os.read(self.master, 65536)
        except OSError:
            data = b""
        self.alive = data != b""
        self.pieces.append(data)
        return data

    def answered(self, text):
        """Until it has shown the text, or something and then nothing more for a moment, or has ended."""
        shown, end = b"", time.monotonic() + PATIENCE
        while self.alive and time.monotonic() < end:
            data = self.read(QUIET)
            shown += data
            if text in shown if text else shown and not data:
                return
        if self.alive or text and text not in shown:
            raise Failed("never showed %r, but %r" % (text or "anything", shown[-2000:]))

    def type(self, keys):
        if self.alive:
            os.write(self.master, keys)

    def end(self, seconds):
        """-> its exit status, after it was let end within that time and then lost its terminal"""
        end = time.monotonic() + seconds
        while self.alive and time.monotonic() < end:
            self.read(end - time.monotonic())
        os.close(self.master)
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            time.sleep(0.02)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise Failed("did not end when its terminal was gone")


def run(command, lines):
    """-> all that it wrote, its exit status, and what was wrong or None"""
    terminal, status, wrong = Terminal(command), None, None
    try:
        if lines:
            terminal.answered(b"")
        for line in lines:
            keys, _, text = (codecs.decode(part, "unicode_escape").encode("latin-1") for part in line.partition(" => "))
            terminal.type(keys)
            terminal.answered(text)
    except Failed as failed:
        wrong = failed
    try:
        status = terminal.end(QUIET if lines else PATIENCE)
        if terminal.alive and not lines:
            raise Failed("did not end by itself")
    except Failed as failed:
        wrong = wrong or failed
    return b"".join(terminal.pieces), status, wrong


def judge(command, written, wrong):
    found = [bad for bad in FORBIDDEN if bad in written]
    for bad in found:
        at = written.index(bad)
        print(command, "wrote", bad, "in", written[max(at - 60, 0):at + 60])
    if not written:
        print(command, "wrote nothing")
    if wrong:
        print(command, wrong)
    return bool(found or wrong or not written)


def main():
    commands = open(sys.argv[1], "rb").read().split(b"\0\1\0")[:-1]
    lines = open(sys.argv[3], encoding="utf-8").read().splitlines() if sys.argv[3:] else []
    failed = False
    with open(sys.argv[2], "wb") as out:
        for command in commands:
            wanted, text, *words = command.split(b"\0")
            written, status, wrong = run(words, lines)
            out.write(written)
            if not wrong and (wanted and status != int(wanted) or text not in written):
                wrong = "exit status %s, not %s, or not %r in %r" % (status, wanted.decode(), text, written[-2000:])
            failed = judge(words[1:], written, wrong) or failed
    sys.exit(failed)


main()
