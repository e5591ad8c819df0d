"""raw.py BATCH OUT [SCRIPT]: commands in terminals of their own, one after the other. BATCH holds their words, a NUL
behind each, and the word "\\1" behind each command. All bytes that they wrote go to OUT. Says what of FORBIDDEN, which
the names of the test hold, reached a terminal, and fails then, or when one wrote nothing.

SCRIPT is what is typed, a line at a time (with \\t, \\n, \\x1b...), after the program has been quiet for a moment. The
terminal is closed when the script is at its end and the program has not ended by itself.
"""
import codecs
import fcntl
import os
import pty
import select
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


def read_until_quiet(master, pieces, quiet):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and select.select([master], [], [], quiet)[0]:
        try:
            data = os.read(master, 65536)
        except OSError:
            return False
        if not data:
            return False
        pieces.append(data)
    return True


def run(command, lines):
    pieces = []
    pid, master = pty.fork()
    if pid == 0:
        os.execvp(command[0], command)
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    alive = True
    for line in lines:
        alive = alive and read_until_quiet(master, pieces, QUIET)
        if alive:
            os.write(master, codecs.decode(line, "unicode_escape").encode("latin-1"))
    if alive:
        read_until_quiet(master, pieces, QUIET if lines else PATIENCE)
    os.close(master)
    os.waitpid(pid, 0)
    return b"".join(pieces)


def judge(command, written):
    found = [bad for bad in FORBIDDEN if bad in written]
    for bad in found:
        at = written.index(bad)
        print(command, "wrote", bad, "in", written[max(at - 60, 0):at + 60])
    if not written:
        print(command, "wrote nothing")
    return bool(found) or not written


def main():
    commands = open(sys.argv[1], "rb").read().split(b"\0\1\0")[:-1]
    lines = open(sys.argv[3], encoding="utf-8").read().splitlines() if sys.argv[3:] else []
    failed = False
    with open(sys.argv[2], "wb") as out:
        for command in commands:
            written = run(command.split(b"\0"), lines)
            out.write(written)
            failed = judge(command.split(b"\0")[1:], written) or failed
    sys.exit(failed)


main()
