#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""screen.py TOOL: exdma top on a terminal: what it draws, how it follows a new
size, and that it leaves the terminal as it was, whatever ends it. Prints TAP."""
import fcntl
import os
import pty
import select
import signal
import struct
import sys
import termios
import time

ENTER, LEAVE = b"\x1b[?1049h\x1b[?25l", b"\x1b[?25h\x1b[?1049l"
LIMIT = 20
number = failures = 0


def check(name, good, detail=""):
    global number, failures
    number += 1
    failures += not good
    if not good:
        print(f"# {detail!r}")
    print(f"{'ok' if good else 'not ok'} {number} - {name}", flush=True)


class Screen:
    def __init__(self, columns, rows, *command):
        self.seen = b""
        self.master, slave = pty.openpty()
        self.size(columns, rows)
        self.before = termios.tcgetattr(slave)
        self.slave = slave
        self.pid = os.fork()
        if not self.pid:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for fd in range(3):
                os.dup2(slave, fd)
            os.execv(command[0], command)

    def size(self, columns, rows):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ,
                    struct.pack("HHHH", rows, columns, 0, 0))

    def until(self, text, since=0):
        """Read until text was drawn. Returns where it ends, or 0."""
        end = time.monotonic() + LIMIT
        while text not in self.seen[since:]:
            if (time.monotonic() > end
                    or not select.select([self.master], [], [], 1)[0]
                    and time.monotonic() > end):
                return 0
            if select.select([self.master], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self.master, 65536)
                except OSError:
                    return 0
        return self.seen.index(text, since) + len(text)

    def ends(self):
        """Its status, and what was drawn; the terminal must be as before."""
        at = self.until(LEAVE)
        _, status = os.waitpid(self.pid, 0)
        same = termios.tcgetattr(self.slave) == self.before
        return os.waitstatus_to_exitcode(status), bool(at), same


def widest(text):
    lines = text.replace(b"\x1b[K", b"").replace(b"\x1b[H", b"")
    return max(len(line) for line in lines.split(b"\x1b[J")[0].split(b"\r\n"))


def main(tool):
    top = [tool, "top", "--interval", "50ms"]

    screen = Screen(80, 24, *top)
    screen.until(b"\x1b[J")
    at = screen.until(b"q: quit")
    check("draws on a screen of its own", at and screen.seen.startswith(ENTER),
          screen.seen)
    check("has a row for each channel",
          b"exdma0_h2c0" in screen.seen and b"exdma0_c2h0" in screen.seen)
    screen.size(30, 4)
    mark = len(screen.seen)
    # what is drawn from the second whole picture on has the new size
    second = screen.until(b"\x1b[J", screen.until(b"\x1b[J", mark))
    third = screen.until(b"\x1b[J", second)
    picture = screen.seen[second:third]
    check("follows a new size: columns", third and widest(picture) == 30, picture)
    check("follows a new size: rows", picture.count(b"\x1b[K") == 4, picture)
    os.write(screen.master, b"xq")
    check("q ends it, and the terminal is as before",
          screen.ends() == (0, True, True))

    screen = Screen(80, 24, *top)
    screen.until(b"q: quit")
    os.write(screen.master, b"\x03")
    check("so does Ctrl-C", screen.ends() == (0, True, True))

    for name in ("SIGTERM", "SIGHUP", "SIGQUIT"):
        screen = Screen(80, 24, *top)
        screen.until(b"q: quit")
        os.kill(screen.pid, getattr(signal, name))
        check(f"{name} ends it, as it should, and the terminal is as before",
              screen.ends() == (-getattr(signal, name), True, True))

    screen = Screen(80, 24, *top)
    screen.until(b"q: quit")
    os.write(screen.master, b"\x1a")
    left = screen.until(LEAVE)
    os.waitpid(screen.pid, os.WUNTRACED)
    check("Ctrl-Z gives the terminal back meanwhile",
          left and termios.tcgetattr(screen.slave) == screen.before)
    os.kill(screen.pid, signal.SIGCONT)
    check("and takes it again", screen.until(ENTER, left))
    os.write(screen.master, b"q")
    screen.until(LEAVE, left + 1)
    _, status = os.waitpid(screen.pid, 0)
    check("and ends well", status == 0
          and termios.tcgetattr(screen.slave) == screen.before)

    screen = Screen(80, 24, tool, "top", "--interval", "50ms", "--once")
    _, status = os.waitpid(screen.pid, 0)
    screen.until(b"exdma0_c2h0")
    check("--once draws nothing", status == 0 and b"\x1b" not in screen.seen,
          screen.seen)
    print(f"1..{number}")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(os.path.realpath(sys.argv[1])))
