#!/usr/bin/python3
"""answer.py COMMAND...: runs it in a terminal of 100 x 40, as somebody would who says yes to every question and leaves
every full screen with q. Prints what it showed and ends with its exit status; 124 after a minute."""
import fcntl
import os
import pty
import re
import select
import struct
import sys
import termios
import time

QUIET, LONGEST = 0.4, 60
COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
QUESTION = re.compile(rb"\?( \[[^\]]*\]| \([^)]*\))?:? ?$")


def is_full_screen(shown):
    return shown.count(b"\x1b[?1049h") > shown.count(b"\x1b[?1049l")


def answer(shown):
    """What to type now that it has been quiet for a while; None when it works on."""
    if is_full_screen(shown):
        return b"q"
    return b"y\n" if QUESTION.search(COLOUR.sub(b"", shown)) else None


def attend(terminal):
    shown, began = b"", time.monotonic()
    while time.monotonic() - began < LONGEST:
        if select.select([terminal], [], [], QUIET)[0]:
            try:
                more = os.read(terminal, 65536)
            except OSError:    # EIO: the other end is closed
                return shown
            if not more:
                return shown
            shown += more
            continue
        text = answer(shown)
        if text:
            shown += b"" if is_full_screen(shown) else b" "    # this question is answered
            os.write(terminal, text)
    return None


def main():
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "screen"
        os.execvp(sys.argv[1], sys.argv[1:])
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 100, 0, 0))
    shown = attend(terminal)
    if shown is None:
        os.kill(pid, 9)
        os.waitpid(pid, 0)
        return 124
    sys.stdout.buffer.write(shown.replace(b"\r\n", b"\n"))
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) & 255


sys.exit(main())
