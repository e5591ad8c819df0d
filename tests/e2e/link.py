#!/usr/bin/python3
"""link.py DELAY RATE LOG COMMAND...: runs a command in a terminal of its own at the far end of a slow link.

What is typed arrives DELAY seconds later, what the command writes is seen DELAY seconds later and no faster than RATE
bytes a second. As on a real link little is under way at once: a command that writes more has to wait. LOG.in and
LOG.out get the bytes that went either way. Ends with the command's exit status.
"""
import collections
import fcntl
import os
import pty
import select
import signal
import sys
import termios
import time
import tty

UNDER_WAY = 16384    # bytes that the link takes before a writer has to wait
PIECE = 1400         # bytes that travel together


class Way:
    """One direction: bytes with the moment at which they arrive."""

    def __init__(self, source, target, delay, rate, log):
        self.source, self.target, self.delay, self.rate = source, target, delay, rate
        self.log = open(log, "wb", buffering=0)
        self.pieces, self.waiting, self.free, self.open = collections.deque(), 0, 0.0, True

    def takes_more(self):
        return self.open and self.waiting < UNDER_WAY

    def take(self):
        try:
            piece = os.read(self.source, PIECE)
        except OSError:
            piece = b""
        if not piece:
            self.open = False
            return
        self.free = max(self.free, time.monotonic()) + len(piece) / self.rate
        self.pieces.append((self.free + self.delay, piece))
        self.waiting += len(piece)

    def deliver(self):
        while self.pieces and self.pieces[0][0] <= time.monotonic():
            piece = self.pieces.popleft()[1]
            self.waiting -= len(piece)
            self.log.write(piece)
            while piece:
                piece = piece[os.write(self.target, piece):]

    def due(self):
        return self.pieces[0][0] if self.pieces else None


def follow_window(far):
    def copy_size(*_):
        size = fcntl.ioctl(0, termios.TIOCGWINSZ, b"\0" * 8)
        fcntl.ioctl(far, termios.TIOCSWINSZ, size)
    signal.signal(signal.SIGWINCH, copy_size)
    copy_size()


def carry(ways):
    while ways[1].open or ways[1].pieces:
        moments = [way.due() for way in ways if way.due() is not None]
        wait = max(0, min(moments) - time.monotonic()) if moments else None
        ready, _, _ = select.select([way.source for way in ways if way.takes_more()], [], [], wait)
        for way in ways:
            if way.source in ready:
                way.take()
            way.deliver()


def main():
    delay, rate, log, command = float(sys.argv[1]), float(sys.argv[2]), sys.argv[3], sys.argv[4:]
    start_end, start = os.pipe()
    child, far = pty.fork()
    if child == 0:
        os.close(start)
        os.read(start_end, 1)    # the window has its size
        os.execvp(command[0], command)
    follow_window(far)
    os.close(start)
    before = termios.tcgetattr(0)
    tty.setraw(0)
    try:
        carry([Way(0, far, delay, rate, log + ".in"), Way(far, 1, delay, rate, log + ".out")])
    finally:
        termios.tcsetattr(0, termios.TCSADRAIN, before)
    sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) % 256)


main()
